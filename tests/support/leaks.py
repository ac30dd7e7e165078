"""Look for words in everything that the database holds: every row of every table, as its owner.

    assert leaks(owner_database, ["zqxmark"]) == []

States of instances are looked at unpacked; text in base64 and in hexadecimal is found as well.
"""

import base64
from collections.abc import Iterable, Iterator
from typing import Any

import zstandard
from sqlalchemy import Engine, text

ZSTD = b"\x28\xb5\x2f\xfd"
EVERY_COLUMN = """
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = 'public' ORDER BY table_name, ordinal_position
"""


def leaks(owner: Engine, words: Iterable[str]) -> list[str]:
    """Return ``table.column: what stands around it`` for each place that holds one of ``words``."""
    wanted = [form for word in words for form in forms_of(word.casefold())]
    found = []
    for place, value in everything(owner):
        plain = value.lower()
        for word in wanted:
            at = plain.find(word)
            if at >= 0:
                found.append(f"{place}: {value[max(at - 80, 0) : at + 80]!r}")
                break
    return sorted(set(found))


def forms_of(word: str) -> set[bytes]:
    """Return how ``word`` looks in plain, escaped in JSON, in base64 and in hexadecimal."""
    plain = word.encode()
    shifted = (base64.b64encode(b"\0" * n + plain)[4 if n else 0 : -4] for n in range(3))
    return {plain, plain.hex().encode(), *(each.lower() for each in shifted if len(each) >= 8)}


def everything(owner: Engine) -> Iterator[tuple[str, bytes]]:
    """Yield every value there is, as bytes."""
    with owner.connect() as connection:
        for table, column in connection.execute(text(EVERY_COLUMN)).all():
            values = connection.execute(text(f'SELECT DISTINCT "{column}" FROM "{table}"'))
            for (value,) in values:
                if value is not None:
                    yield f"{table}.{column}", as_bytes(value)


def as_bytes(value: Any) -> bytes:
    if isinstance(value, memoryview | bytes):
        return unpacked(bytes(value))
    return str(value).encode()


def unpacked(stored: bytes) -> bytes:
    at = stored.find(ZSTD)
    if at < 0:
        return stored
    try:
        return stored + zstandard.ZstdDecompressor().decompressobj().decompress(stored[at:])
    except zstandard.ZstdError:  # four bytes of a ciphertext that look like it
        return stored
