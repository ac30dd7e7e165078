"""Master keys: outside the database, several known, one current.

`SIGNPOST_MASTER_KEY` or the file named by `SIGNPOST_MASTER_KEY_FILE` holds base64 keys of 32
bytes, separated by white space or commas. The first is the current one: it wraps new data keys.
The others only read, until `keys.rewrap` has moved every data key away from them.
"""

import base64
import binascii
import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

KEY_BYTES = 32


class MasterKeyMissing(RuntimeError):
    """There is no usable master key, so nothing personal can be read or written."""


@dataclass(frozen=True)
class KeyRing:
    """The master keys that are known, by id. An id is a fingerprint and gives nothing away."""

    current: str
    keys: Mapping[str, bytes]

    @classmethod
    def of(cls, keys: Iterable[bytes]) -> "KeyRing":
        """Make a ring of raw keys, the current one first."""
        by_id = {hashlib.sha256(b"signpost master key" + key).hexdigest()[:16]: key for key in keys}
        if not by_id or any(len(key) != KEY_BYTES for key in by_id.values()):
            raise MasterKeyMissing(f"a master key has {KEY_BYTES} bytes, in base64")
        return cls(current=next(iter(by_id)), keys=by_id)

    @classmethod
    def parse(cls, text: str) -> "KeyRing":
        """Read base64 keys separated by white space or commas."""
        try:
            return cls.of(
                base64.b64decode(k, validate=True) for k in text.replace(",", " ").split()
            )
        except binascii.Error as error:
            raise MasterKeyMissing(f"a master key has {KEY_BYTES} bytes, in base64") from error

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "KeyRing":
        given = environment.get("SIGNPOST_MASTER_KEY")
        file = environment.get("SIGNPOST_MASTER_KEY_FILE")
        if given:
            return cls.parse(given)
        if file:
            return cls.parse(Path(file).read_text())
        raise MasterKeyMissing("set SIGNPOST_MASTER_KEY_FILE (or SIGNPOST_MASTER_KEY)")


_ring: KeyRing | None = None


def use_ring(given: KeyRing) -> None:
    """Take ``given`` as this process's ring, in place of the environment's."""
    global _ring
    _ring = given


def ring() -> KeyRing:
    """Return this process's ring, read from the environment at first use."""
    global _ring
    if _ring is None:
        _ring = KeyRing.from_environment(os.environ)
    return _ring
