"""The shipped matrix says what the service specification says, cell by cell."""

from pathlib import Path

import pytest

from workflows.staff.matrix import MATRIX, PORTAL_ROLES, ROLES, Permission, permission

TABLE = Path(__file__).with_name("roles_and_capabilities.md")  # section 6.1, word for word

CAPABILITIES = {
    "create contact": "create_contact",
    "read case C1/C2": "read_case",
    "safe contact C3": "read_safe_contact",
    "C4 restricted": "read_restricted",
    "risk grade": "grade_risk",
    "override down": "override_down",
    "consent record/withdraw": "record_consent",
    "share without consent; **D8 r1 (danger to life): every role**": "share_without_consent",
    "raise safeguarding, refer it directly": "raise_safeguarding",
    "demand for material (P25)": "answer_material_demand",
    "suspect status (C4)": "record_suspect_status",
    "allocate": "allocate",
    "review contact": "review_contact",
    "close high risk": "close_high_risk",
    "export identifiable": "export_identifiable",
    "aggregate reports": "read_reports",
    "edit BPMN/DMN/forms": "edit_definitions",
    "process history": "read_history",
    "users/roles": "manage_staff",
}
CELLS = {
    "O": "own",
    "own": "own",
    "T": "team",
    "S": "service",
    "A": "tenant",
    "✓": "do",
    "A✱": "tenant reason",
    "S✱": "service reason",
    "T✱": "team reason",
    "✱": "tenant reason",
    "✱ small": "reason small",
    "A(co-sign)": "tenant co_sign",
    "24 h of own contact": "own contact_24h",
    "during contact": "own during_contact",
    "hate only": "tenant hate",
    "hate O": "own hate",
    "sampled only": "tenant sampled",
    "shared items": "own shared_items",
    "status class": "own status_class",
    "masked": "tenant masked",
    "metadata": "tenant metadata",
    "propose": "propose",
    "contribute": "contribute",
    "request": "request",
    "approve": "approve",
    "read": "read",
    "approve(≠author)": "approve not_author",
    "approve(≠)": "approve not_author",
    "T approve down": "team do approve",
    "r1": "danger_to_life",
    "D8 r1–r5": "do sharing_rows_1_to_5",
    "✓≠own": "do not_own",
    "district": "tenant district",
    "quality": "tenant quality",
    "rules review": "review",
    "structure only": "tenant structure_only",
    "✓ no case data": "do no_case_data",
}
# the bold note of the row: danger to life is for every role, whatever else its cell says
EVERY_ROLE = "share_without_consent"
# where a star stands without a scope, and exporting has none of its own
AS_FAR_AS_THE_GRANT = {("export_identifiable", "✱"): "reason"}


def rows() -> list[tuple[str, str, str]]:
    lines = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in TABLE.read_text(encoding="utf-8").splitlines()
    ]
    head = [[role.split(" (")[0] for role in cell.split(", ")] for cell in lines[0][1:]]
    return [
        (CAPABILITIES[line[0]], role, cell)
        for line in lines[2:]
        for roles, cell in zip(head, line[1:], strict=True)
        for role in roles
    ]


def expected(capability: str, role: str, cell: str) -> Permission | None:
    if capability == EVERY_ROLE and role in ROLES:
        if cell == "-":
            return Permission.parse("danger_to_life")
        if cell == "request":
            return Permission.parse("request danger_to_life")
    if cell == "-":
        return None
    return Permission.parse(AS_FAR_AS_THE_GRANT.get((capability, cell), CELLS.get(cell, cell)))


@pytest.mark.parametrize(("capability", "role", "cell"), rows())
def test_every_cell_is_as_specified(capability: str, role: str, cell: str) -> None:
    assert permission(role, capability) == expected(capability, role, cell)


def test_nothing_stands_in_the_matrix_that_the_specification_does_not_have() -> None:
    named = {(capability, role) for capability, role, _ in rows()}
    assert set(MATRIX) == set(CAPABILITIES.values())
    assert {(c, role) for c, row in MATRIX.items() for role in row} <= named
    assert {role for _, role, _ in rows()} == {*ROLES, *PORTAL_ROLES}


@pytest.mark.parametrize("role", ["process_owner", "system_admin", "analyst"])
@pytest.mark.parametrize("capability", ["read_case", "read_safe_contact", "read_restricted"])
def test_those_who_do_not_work_on_cases_see_none(role: str, capability: str) -> None:
    assert permission(role, capability) is None


def test_a_cell_with_an_unknown_word_is_refused() -> None:
    with pytest.raises(ValueError, match="no such cell"):
        Permission.parse("tenant sometimes")
