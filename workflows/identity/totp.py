"""The second factor: time-based codes, each good once, and recovery codes."""

import hashlib
import hmac
import secrets
from datetime import datetime

import pyotp

INTERVAL = 30  # seconds
TOLERANCE = 1  # steps before and after: clocks of telephones differ
ISSUER = "Signpost"

# No letters or digits that look alike on paper.
RECOVERY_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
RECOVERY_LENGTH = 12  # 59 bits: too many to try, so a plain hash is enough
RECOVERY_CODES = 10


def new_secret() -> str:
    return pyotp.random_base32()


def provisioning_uri(secret: str, login_name: str) -> str:
    """Return the address that an authenticator reads from a QR code."""
    return pyotp.TOTP(secret, interval=INTERVAL).provisioning_uri(
        name=login_name, issuer_name=ISSUER
    )


def next_code(secret: str, now: datetime, *, after: int = 0) -> str:
    """Return the first code that is good now, given the step used last.

    For tests and for the sign-in page of a demonstration, where nobody holds an authenticator.
    """
    step = max(int(now.timestamp()) // INTERVAL, after + 1)
    return pyotp.TOTP(secret, interval=INTERVAL).generate_otp(step)


def matching_step(secret: str, code: str, now: datetime, *, after: int) -> int | None:
    """Return the time step whose code this is, later than the step used last; else None.

    Compares every candidate, so that the time taken tells nothing.
    """
    current = int(now.timestamp()) // INTERVAL
    totp = pyotp.TOTP(secret, interval=INTERVAL)
    found = None
    for step in range(current - TOLERANCE, current + TOLERANCE + 1):
        equal = hmac.compare_digest(totp.generate_otp(step).encode(), code.encode())
        if equal and step > after and found is None:
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Return codes to be printed once: "abcd-efgh-jkmn"."""
    codes = (
        "".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(RECOVERY_LENGTH))
        for _ in range(RECOVERY_CODES)
    )
    return ["-".join(code[i : i + 4] for i in range(0, RECOVERY_LENGTH, 4)) for code in codes]


def recovery_hash(code: str) -> bytes:
    """Return what is stored of a recovery code, however it was typed."""
    plain = "".join(c for c in code.casefold() if c.isalnum())
    return hashlib.sha256(b"recovery code " + plain.encode()).digest()
