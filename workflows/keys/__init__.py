"""Encryption of what is said about people: a key for each of them, under a master key.

Personal columns are declared with `encrypted` and read and written like any other attribute;
everything else calls `encrypt` and `decrypt` and names the place, which is bound into the
ciphertext. Erasing a subject destroys the key; the history over the ciphertext still verifies.
"""

from workflows.keys.cipher import Place, Tampered
from workflows.keys.columns import DATE, JSON, TEXT, DataClass, Encrypted, Sealed, encrypted
from workflows.keys.index import blind_index, blind_indexes
from workflows.keys.kept import open_kept, seal_kept
from workflows.keys.models import SubjectKey, SubjectKind
from workflows.keys.ring import KeyRing, MasterKeyMissing, ring, use_ring
from workflows.keys.subjects import (
    Erased,
    SubjectUnknown,
    decrypt,
    encrypt,
    erase,
    is_erased,
    load,
    new_subject,
    rewrap,
    rewrap_status,
    wrap_into,
)

__all__ = [
    "DATE",
    "JSON",
    "TEXT",
    "DataClass",
    "Encrypted",
    "Erased",
    "KeyRing",
    "MasterKeyMissing",
    "Place",
    "Sealed",
    "SubjectKey",
    "SubjectKind",
    "SubjectUnknown",
    "Tampered",
    "blind_index",
    "blind_indexes",
    "decrypt",
    "encrypt",
    "encrypted",
    "erase",
    "is_erased",
    "load",
    "new_subject",
    "open_kept",
    "rewrap",
    "rewrap_status",
    "ring",
    "seal_kept",
    "use_ring",
    "wrap_into",
]
