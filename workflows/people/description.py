"""What is known of somebody when they are looked for: in a search, in a contact, on a record."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from workflows.people import names, numbers
from workflows.people.models import Person


@dataclass(frozen=True, slots=True)
class Description:
    """Names, birth date and what identifies. Everything may be missing."""

    given_name: str | None = None
    family_name: str | None = None
    known_as: str | None = None
    organisation_name: str | None = None
    aliases: tuple[str, ...] = ()
    born_on: date | None = None
    phones: tuple[str, ...] = ()  # E.164
    emails: tuple[str, ...] = ()
    crime_references: tuple[str, ...] = ()
    addresses: tuple[Mapping[str, Any], ...] = ()  # {"lines", "postcode", "uprn", "kind"}
    alleged_names: tuple[str, ...] = ()  # of who is said to have caused harm to them

    @classmethod
    def of(cls, person: Person) -> "Description":
        """Describe somebody by their record; numbers stand on the safe-contact card."""
        return cls(
            given_name=person.given_name,
            family_name=person.family_name,
            known_as=person.known_as,
            organisation_name=person.organisation_name,
            aliases=tuple(person.aliases or ()),
            born_on=person.born_on,
            crime_references=tuple(person.crime_references or ()),
            addresses=tuple(person.addresses or ()),
        )

    @property
    def name_parts(self) -> list[str]:
        return names.parts(self.given_name, self.family_name, self.organisation_name)

    @property
    def other_names(self) -> list[list[str]]:
        """Each further name, as parts; a pet name goes with the family name."""
        found = [names.parts(alias) for alias in self.aliases]
        if self.known_as:
            found.append(names.parts(self.known_as, self.family_name))
        return [parts for parts in found if parts]

    @property
    def is_anonymous(self) -> bool:
        """Whether nothing of it says who somebody is; a number says where they ring from."""
        return not (self.name_parts or self.other_names or self.born_on)

    @property
    def is_empty(self) -> bool:
        return self.is_anonymous and not (
            self.phones or self.emails or self.crime_references or self.addresses
        )

    def digest(self) -> str:
        """Return a fingerprint of what was looked for, however it was spelled."""
        known = {
            "names": sorted([self.name_parts, *self.other_names]),
            "born": self.born_on.isoformat() if self.born_on else None,
            "phones": sorted(self.phones),
            "emails": sorted(self.emails),
            "references": sorted(map(reference, self.crime_references)),
            "addresses": sorted(filter(None, map(address_key, self.addresses))),
        }
        return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def describe(
    *, phones: Iterable[str] = (), emails: Iterable[str] = (), **known: Any
) -> Description:
    """Make a description of what was typed: numbers and addresses in one form.

    Raises ``BadNumber``, ``BadEmail``.
    """
    return Description(
        phones=tuple(numbers.e164(phone) for phone in phones),
        emails=tuple(numbers.email(address) for address in emails),
        **known,
    )


def reference(text: str) -> str:
    """Return a crime reference in one form: letters and digits, capital."""
    return "".join(c for c in text.upper() if c.isalnum())


def address_key(address: Mapping[str, Any]) -> str | None:
    """Return what two descriptions of one door have in common: UPRN, else postcode and first line.

    None where it says too little: a postcode alone is a street.
    """
    if address.get("uprn"):
        return f"uprn {str(address['uprn']).lstrip('0')}"
    postcode = "".join(str(address.get("postcode") or "").upper().split())
    lines = address.get("lines") or ()
    first = " ".join(names.plain(str(lines[0])).replace(",", " ").split()) if lines else ""
    return f"{postcode} {first}" if postcode and first else None
