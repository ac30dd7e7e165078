"""What can go wrong in a decision table whatever the inputs are: gaps, overlaps, dead rows, types.

Exact over numbers, dates, times, durations, texts and booleans. A cell that depends on something
else (a setting, another input) is taken so that nothing false is reported: it may cover everything
when gaps are sought, and nothing when overlaps are.
"""

from collections.abc import Iterator

import feel
from engine.decisions import literals
from engine.decisions.columns import Input
from engine.decisions.hit_policies import HitPolicy
from engine.decisions.model import DecisionModel
from engine.decisions.problems import Findings
from engine.decisions.regions import Cell, Column, NotConstant, constant, take_apart, type_names
from engine.decisions.tables import Table
from engine.findings import Finding, Severity
from feel.types import ANY, SIMPLE
from feel.values import Value

SINGLE = frozenset((HitPolicy.UNIQUE, HitPolicy.ANY, HitPolicy.FIRST, HitPolicy.PRIORITY))
MAX_STEPS = 200_000
MAX_PAIRS = 20  # overlaps reported of one table

Masks = list[int]  # one per column


class _TooComplex(Exception):
    """The table has too many combinations to be looked through."""


def analyse(model: DecisionModel) -> list[Finding]:
    """Return what is unsafe in a model, and what was noted when it was read."""
    findings = Findings(model.file)
    for table in model.tables:
        _Analysis(table, findings).run()
    return [*model.findings, *findings.found, *literals.check(model)]


class _Analysis:
    def __init__(self, table: Table, findings: Findings):
        self.table = table
        self.findings = findings
        self.cells = [[take_apart(cell) for cell in rule.cells] for rule in table.rules]
        declared = [self._allowed(column) for column in table.inputs]
        self.allowed = [None if tests is None else take_apart(tests) for tests in declared]
        self.columns = [
            Column(column.label, [row[index] for row in self.cells], self.allowed[index])
            for index, column in enumerate(table.inputs)
        ]
        self.sure = [self._masks(row, sure=True) for row in self.cells]
        self.possible = [self._masks(row, sure=False) for row in self.cells]
        self.steps = 0

    def _allowed(self, column: Input) -> feel.UnaryTests | None:
        """Return the declared values of a column, else those of its type."""
        found = self.table.types.find(column.type or "")
        if column.allowed is None and found is not None and not found[1].is_collection:
            return found[1].allowed
        return column.allowed

    def _masks(self, row: list[Cell], *, sure: bool) -> Masks:
        return [
            column.mask(cell, sure=sure) & (column.domain | 1)
            for column, cell in zip(self.columns, row, strict=True)
        ]

    def run(self) -> None:
        self._types()
        self._outputs()
        policy = self.table.policy
        try:
            self._dead_rows()
            if policy in SINGLE:
                self._gaps()
            if policy in (HitPolicy.UNIQUE, HitPolicy.ANY):
                self._overlaps()
        except _TooComplex:
            self._add(
                "table_too_complex",
                f"{self.table.label} has too many combinations to be checked for gaps.",
                "Split it into several tables.",
                Severity.WARNING,
            )

    def _add(
        self,
        rule: str,
        message: str,
        remedy: str,
        severity: Severity = Severity.UNSAFE,
        row: int | None = None,
    ) -> None:
        element = self.table.element if row is None else self.table.rules[row].element
        self.findings.add(rule, message, remedy, element, severity)

    # -- gaps and overlaps --------------------------------------------------------------------

    def _gaps(self) -> None:
        if any(output.default is not None for output in self.table.outputs):
            return
        gap = self.uncovered([column.domain for column in self.columns], self.possible)
        if gap is not None:
            self._add(
                "table_gap",
                f"{self.table.label} has no row for this case: {self.example(gap)}.",
                "Add a row for it, or give the outputs a default.",
            )

    def _overlaps(self) -> None:
        found = 0
        for first, second in self._pairs():
            both = [a & b for a, b in zip(self.sure[first], self.sure[second], strict=True)]
            if not all(both) or not self._matters(first, second):
                continue
            rules = self.table.rules
            self._add(
                "table_overlap",
                f"{self.table.label}: rows '{rules[first].id}' and '{rules[second].id}' both match "
                f"when {self.example(both)}.",
                "Make the rows exclude each other, or choose another hit policy.",
                row=second,
            )
            found += 1
            if found >= MAX_PAIRS:
                return

    def _pairs(self) -> Iterator[tuple[int, int]]:
        for second in range(len(self.sure)):
            for first in range(second):
                self._step()
                yield first, second

    def _matters(self, first: int, second: int) -> bool:
        """Under ANY, rows may overlap that surely give the same."""
        if self.table.policy is HitPolicy.UNIQUE:
            return True
        try:
            return self._results(first) != self._results(second)
        except NotConstant:
            return False

    def _results(self, row: int) -> list[Value]:
        results = self.table.rules[row].results
        return [None if result is None else constant(result.node) for result in results]

    def _dead_rows(self) -> None:
        is_first = self.table.policy is HitPolicy.FIRST
        for index, rule in enumerate(self.table.rules):
            empty = [
                c.label
                for c, mask in zip(self.columns, self.possible[index], strict=True)
                if not mask
            ]
            if empty:
                self._add(
                    "row_never_matches",
                    f"{self.table.label}: row '{rule.id}' never matches, because its cell for "
                    f"{empty[0]} holds no value.",
                    "Correct the cell, or remove the row.",
                    row=index,
                )
            elif is_first and self.uncovered(self.possible[index], self.sure[:index]) is None:
                self._add(
                    "row_unreachable",
                    f"{self.table.label}: row '{rule.id}' is never reached, because the rows "
                    "before it match whenever it does.",
                    "Move it up, or remove it.",
                    row=index,
                )

    def _step(self) -> None:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise _TooComplex

    def uncovered(self, domain: Masks, rules: list[Masks]) -> Masks | None:
        """Return a region of ``domain`` that none of the rules holds, or None if there is none."""
        covered: set[tuple[int, frozenset[int]]] = set()
        whole_from = [_whole_from(domain, rule) for rule in rules]

        def search(column: int, active: frozenset[int]) -> Masks | None:
            self._step()
            if not active:
                return domain[column:]
            if any(whole_from[rule] <= column for rule in active) or (column, active) in covered:
                return None
            for mask, subset in _split(domain[column], column, active, rules):
                found = search(column + 1, subset)
                if found is not None:
                    return [mask, *found]
            covered.add((column, active))
            return None

        return search(0, frozenset(range(len(rules))))

    def example(self, region: Masks) -> str:
        """Describe one case in a region; columns that do not matter are left out."""
        parts = [
            column.describe(mask)
            for column, mask in zip(self.columns, region, strict=True)
            if mask & column.domain != column.domain
        ]
        return ", ".join(parts) or "always"

    # -- types --------------------------------------------------------------------------------

    def _types(self) -> None:
        for index, column in enumerate(self.table.inputs):
            wanted = self._type_of(column.type)
            for number, row in enumerate(self.cells):
                kinds = row[index].types()
                if wanted is not None and kinds - {wanted}:
                    self._clash(number, column.label, kinds - {wanted}, wanted)
            if (
                wanted is None
                and self.columns[index].is_mixed
                and len(self.columns[index].kinds) > 1
            ):
                self._add(
                    "cell_types",
                    f"{self.table.label}: the cells for {column.label} mix "
                    f"{type_names(self.columns[index].kinds)}.",
                    "Use values of one type, so that they can match.",
                )

    def _clash(self, row: int, label: str, kinds: set[type], wanted: type) -> None:
        rule = self.table.rules[row].id
        self._add(
            "cell_type",
            f"{self.table.label}: row '{rule}' compares {label}, a {type_names([wanted])}, with a "
            f"{type_names(kinds)}; it never matches.",
            f"Write a {type_names([wanted])}.",
            row=row,
        )

    def _type_of(self, name: str | None) -> type | None:
        types, seen = self.table.types, set[int]()
        while name is not None and (found := types.find(name)) and id(found[1]) not in seen:
            seen.add(id(found[1]))
            types, name = found[0], found[1].base
        return None if name is None or name in ANY else SIMPLE.get(name)

    def _outputs(self) -> None:
        for index, output in enumerate(self.table.outputs):
            wanted = self._type_of(output.type)
            for number, rule in enumerate(self.table.rules):
                result = rule.results[index]
                try:
                    value = None if result is None else constant(result.node)
                except NotConstant:
                    continue
                if value is None:
                    continue
                if wanted is not None and type(value) is not wanted:
                    self._result_clash(number, output.name, value, wanted)
                elif output.values and value not in output.values:
                    self._not_declared(number, output.name)

    def _result_clash(self, row: int, name: str, value: Value, wanted: type) -> None:
        rule = self.table.rules[row].id
        self._add(
            "result_type",
            f"{self.table.label}: row '{rule}' gives a {type_names([type(value)])} for "
            f"{name or 'its result'}, which is declared as {type_names([wanted])}.",
            f"Write a {type_names([wanted])}.",
            row=row,
        )

    def _not_declared(self, row: int, name: str) -> None:
        rule = self.table.rules[row].id
        self._add(
            "result_not_declared",
            f"{self.table.label}: row '{rule}' gives a value for {name or 'its result'} that is "
            "not among the declared ones.",
            "Correct it, or add it to the list of values.",
            row=row,
        )


def _whole_from(domain: Masks, rule: Masks) -> int:
    """Return the column from which on a rule holds everything."""
    column = len(domain)
    while column and not domain[column - 1] & ~rule[column - 1]:
        column -= 1
    return column


def _split(
    domain: int, column: int, active: frozenset[int], rules: list[Masks]
) -> list[tuple[int, frozenset[int]]]:
    """Cut a column where the active rules differ; the parts that fewest rules hold come first."""
    parts: list[tuple[int, list[int]]] = [(domain, [])]
    for rule in sorted(active):
        mask = rules[rule][column]
        cut: list[tuple[int, list[int]]] = []
        for bits, holders in parts:
            if bits & mask:
                cut.append((bits & mask, [*holders, rule]))
            if bits & ~mask:
                cut.append((bits & ~mask, holders))
        parts = cut
    grouped: dict[frozenset[int], int] = {}
    for bits, holders in parts:
        key = frozenset(holders)
        grouped[key] = grouped.get(key, 0) | bits
    ordered = sorted(grouped.items(), key=lambda item: (len(item[0]), item[1]))
    return [(bits, holders) for holders, bits in ordered]
