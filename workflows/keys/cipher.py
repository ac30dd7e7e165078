"""AES-256-GCM with the place of a value bound into it.

Stored form: format (1 byte), key id (16), nonce (12), ciphertext and tag; inside, a letter for the
kind of value (bytes, JSON, compressed JSON), the value and padding. A value that is moved
to another row, column, table or tenant, or whose key id is changed, does not open.
"""

import json
import os
from typing import Any, NamedTuple
from uuid import UUID

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FORMAT = 1
NONCE_BYTES = 12
HEADER_BYTES = 1 + 16 + NONCE_BYTES
# The length of a ciphertext would tell a yes from an unknown and one name from another.
PADDED_TO = 32
# Ciphertext does not compress, so long answers are compressed before. Nobody who does not see
# them can put words of their own among them, which is what makes lengths tell more than size.
WORTH_COMPRESSING = 1024


class Tampered(Exception):
    """A stored value was altered or stands where it was not written."""


class Place(NamedTuple):
    """Where a value stands."""

    tenant_id: UUID
    table: str
    row_id: UUID
    column: str


def seal(key: bytes, key_id: UUID, place: Place, value: Any) -> bytes:
    """Encrypt text, bytes or anything that JSON can hold."""
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, _pack(value), _bound(place, key_id))
    return bytes([FORMAT]) + key_id.bytes + nonce + sealed


def unseal(key: bytes, place: Place, stored: bytes) -> Any:
    """Decrypt what `seal` made for the same place. Raises ``Tampered``."""
    key_id = key_id_of(stored)
    nonce, sealed = stored[17:HEADER_BYTES], stored[HEADER_BYTES:]
    try:
        return _unpack(AESGCM(key).decrypt(nonce, sealed, _bound(place, key_id)))
    except InvalidTag as error:
        raise Tampered(f"{place.table}.{place.column} of {place.row_id} does not open") from error


def key_id_of(stored: bytes) -> UUID:
    """Return the id of the key that opens ``stored``."""
    if len(stored) <= HEADER_BYTES or stored[0] != FORMAT:
        raise Tampered("not an encrypted value of a known format")
    return UUID(bytes=bytes(stored[1:17]))


def wrap(wrapping: bytes, data_key: bytes, *, bound: str) -> bytes:
    """Encrypt a data key under another key; ``bound`` says whose it is and who wrapped it."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(wrapping).encrypt(nonce, data_key, bound.encode())


def unwrap(wrapping: bytes, wrapped: bytes, *, bound: str) -> bytes:
    """Decrypt what `wrap` made with the same ``bound``. Raises ``Tampered``."""
    try:
        return AESGCM(wrapping).decrypt(
            wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], bound.encode()
        )
    except InvalidTag as error:
        raise Tampered("a data key does not open") from error


def _bound(place: Place, key_id: UUID) -> bytes:
    # ids are UUIDs and names are identifiers, so the separator cannot occur in a part
    return "|".join([str(FORMAT), *map(str, place), str(key_id)]).encode()


def _pack(value: Any) -> bytes:
    if isinstance(value, bytes):
        return b"b" + value
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    if len(text) > WORTH_COMPRESSING:
        return _padded(b"z" + zstandard.compress(text), b"\0")
    return _padded(b"j" + text, b" ")  # JSON may end in white space


def _padded(plain: bytes, filling: bytes) -> bytes:
    return plain + filling * (-len(plain) % PADDED_TO)


def _unpack(plain: bytes) -> Any:
    kind, packed = plain[:1], plain[1:]
    if kind == b"b":
        return packed
    if kind == b"z":  # what follows the frame is the padding
        packed = zstandard.ZstdDecompressor().decompress(packed, allow_extra_data=True)
    return json.loads(packed)
