"""What comes in, in the stories of the specification. All of it is made up."""

from typing import Any

# Amara Okafor, 31, Sandwell, two children; police counted 16 ticks. The number was given by
# herself to a constable as safe.
AMARA: dict[str, Any] = {
    "given_name": "Amara",
    "family_name": "Okafor",
    "born_on": "1995-05-02",
    "source": "mash",
    "caller_role": "victim",
    "referrer_name": "Jo Lee",
    "referrer_organisation": "Sandwell MASH",
    "referrer_verified": "yes",
    "sharing_basis_known": "yes",
    "referrer_grade": "high",
    "referrer_ticks": 16,
    "abuse_types": ["domestic"],
    "what_happened": "Assault at home on Tuesday night, seen by the children.",
    "children": [{"name": "Ada", "age": 6}, {"name": "Obi", "age": 3}],
    "channels": [
        {
            "kind": "mobile",
            "value": "07700 900123",
            "given_as_safe_by": "PC Lee",
            "given_as_safe_on": "2027-01-12",
        }
    ],
}
READ = {
    "immediate_danger": "no",
    "stated_high": "yes",
    "children_mentioned": "yes",
    "source": "mash",
    "referrer_grade": "high",
    "referrer_verified": "yes",
    "sharing_basis_known": "yes",
}
