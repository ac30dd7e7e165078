"""Blind indexes: equal values give equal tokens, and nothing else can be learned without the key.

Whoever holds the key can enumerate phone numbers, and equal tokens show repetition: so there is
no index over low-entropy fields alone (sex, birth date, strand).
"""

import hashlib
import hmac
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.orm import Session

from workflows.keys.subjects import living_key

TOKEN_BYTES = 16


def blind_index(session: Session, tenant_id: UUID, field: str, normalised: str) -> bytes:
    """Return the token of a normalised value: 128 bits, its own key per tenant and field."""
    return blind_indexes(session, tenant_id, field, [normalised])[0]


def blind_indexes(
    session: Session, tenant_id: UUID, field: str, normalised: Iterable[str]
) -> list[bytes]:
    """Return the tokens of several values of one field.

    The tenant itself is the subject of the key from which the fields' keys are made.
    """
    tenant_key = living_key(session, tenant_id)
    field_key = hmac.digest(tenant_key, f"blind index|{field}".encode(), hashlib.sha256)
    return [
        hmac.digest(field_key, value.encode(), hashlib.sha256)[:TOKEN_BYTES] for value in normalised
    ]
