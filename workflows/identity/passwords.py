"""Passwords: argon2id, at least twelve characters, none that everybody tries first.

Nothing else is asked of them: no mixture of classes, no expiry.
"""

import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from engine.errors import Refusal

SHORTEST = 12
LONGEST = 200  # characters; a longer one only costs us time
COMMON = Path(__file__).with_name("common_passwords.txt")
LOOK_ALIKE = str.maketrans("013457@$!", "oieastasi")


class WeakPassword(Refusal):
    """Choose another password."""

    status = 422


@cache
def hasher(parameters: str = "") -> PasswordHasher:
    """Return the hasher; ``parameters`` is "MiB,time,parallelism", by default 64, 3 and 4."""
    memory, time, parallelism = (int(n) for n in (parameters or "64,3,4").split(","))
    return PasswordHasher(time_cost=time, memory_cost=memory * 1024, parallelism=parallelism)


def configured(environment: Mapping[str, str] = os.environ) -> PasswordHasher:
    """Return the hasher of this process: `SIGNPOST_ARGON2` makes it cheaper for tests alone."""
    return hasher(environment.get("SIGNPOST_ARGON2", ""))


def hash_password(password: str) -> str:
    return configured().hash(password)


def verify(password_hash: str, password: str) -> bool:
    """Whether ``password`` is the one that was hashed."""
    try:
        return configured().verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


@cache
def nobodys_hash() -> str:
    """A hash that no password opens in practice: what an unknown name is checked against."""
    return hash_password(os.urandom(32).hex())


def check_strength(password: str, *, known: tuple[str, ...] = ()) -> None:
    """Refuse a password that is short, common, monotonous or made of ``known`` words.

    ``known`` are the login name, the person's name and the organisation's.
    """
    if len(password) < SHORTEST:
        raise WeakPassword(f"A password has at least {SHORTEST} characters.")
    if len(password) > LONGEST:
        raise WeakPassword(f"A password has at most {LONGEST} characters.")
    plain = password.casefold()
    if _common() & _cores(plain):
        raise WeakPassword("This password is among the first that are tried.")
    if len(set(plain)) < 5 or _is_run(plain):
        raise WeakPassword("This password repeats or counts up. Use several words.")
    rest = plain
    for word in (word for name in known for word in re.split(r"\W+", name.casefold())):
        rest = rest.replace(word, "") if len(word) > 2 else rest
    if rest != plain and len(rest) < SHORTEST // 2:
        raise WeakPassword("This password is made of your name or your organisation's.")


@cache
def _common() -> frozenset[str]:
    return frozenset(COMMON.read_text(encoding="utf-8").split())


def _cores(plain: str) -> frozenset[str]:
    """Return what a password comes down to without its year, its exclamation marks and its 0s."""
    inner = re.sub(r"^[^a-z]+|[^a-z]+$", "", plain)
    found = {plain, inner.translate(LOOK_ALIKE), re.sub(r"[^a-z]", "", inner)}
    return frozenset(core for one in found for core in (one, _halved(one)) if core)


def _halved(text: str) -> str:
    """Return what ``text`` is made of, if it is one thing said twice or more."""
    for length in range(1, len(text) // 2 + 1):
        if len(text) % length == 0 and text == text[:length] * (len(text) // length):
            return text[:length]
    return ""


def _is_run(text: str) -> bool:
    steps = {ord(b) - ord(a) for a, b in zip(text, text[1:], strict=False)}
    return steps <= {1} or steps <= {-1} or steps <= {0}
