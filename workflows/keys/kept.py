"""What is kept for a short time and belongs to no subject: answers that may be asked for again.

Sealed straight under the master key, so that it costs no statement; ``bound`` says where it
stands, and the value opens nowhere else.
"""

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from workflows.keys.cipher import NONCE_BYTES, Tampered
from workflows.keys.ring import ring

FORMAT = b"\1"
KEY_ID_BYTES = 16  # of `KeyRing`, in ASCII


def seal_kept(bound: str, value: bytes) -> bytes:
    """Encrypt ``value`` for the place that ``bound`` names."""
    key_id, nonce = ring().current, os.urandom(NONCE_BYTES)
    sealed = AESGCM(_key(key_id)).encrypt(nonce, value, bound.encode())
    return FORMAT + key_id.encode() + nonce + sealed


def open_kept(bound: str, stored: bytes) -> bytes:
    """Decrypt what `seal_kept` made for the same place. Raises ``Tampered``."""
    key_id = stored[1 : 1 + KEY_ID_BYTES].decode("ascii", "replace")
    rest = stored[1 + KEY_ID_BYTES :]
    if stored[:1] != FORMAT or key_id not in ring().keys:
        raise Tampered("a kept answer is under no key that is known")
    try:
        return AESGCM(_key(key_id)).decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], bound.encode())
    except InvalidTag as error:
        raise Tampered("a kept answer was altered or stands where it was not written") from error


def _key(key_id: str) -> bytes:
    return hmac.digest(ring().keys[key_id], b"signpost kept answers", hashlib.sha256)
