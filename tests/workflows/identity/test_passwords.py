"""Which passwords are taken."""

import pytest

from workflows.identity import passwords

KNOWN = ("amina", "Amina Yusuf", "Ark Helpline")


@pytest.mark.parametrize(
    "password",
    [
        "correct battery horse 9 staple",
        "mein Rad steht im Keller",
        "zebra-teapot-lagoon",
        "🦉🦊🐝🦋🐢🐳🐧🐼🦔🐙🦑🐍",
    ],
)
def test_several_words_are_taken_whatever_their_characters(password: str) -> None:
    passwords.check_strength(password, known=KNOWN)


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short-words", "at least 12"),
        ("x" * 201, "at most 200"),
        ("password1234", "first that are tried"),
        ("P@ssw0rd!!!!", "first that are tried"),
        ("passwordpassword", "first that are tried"),
        ("Summer2026!!!", "first that are tried"),
        ("Qwertyuiop123", "first that are tried"),
        ("Signpost2027!", "first that are tried"),
        ("123456789012", "first that are tried"),
        ("aaaaaaaaaaaaaaaa", "repeats or counts up"),
        ("abababababab", "repeats or counts up"),
        ("efghijklmnopqrs", "repeats or counts up"),
        ("aminayusuf2027", "name or your organisation"),
        ("ark-helpline-7", "name or your organisation"),
    ],
)
def test_a_password_that_is_tried_first_is_refused(password: str, reason: str) -> None:
    with pytest.raises(passwords.WeakPassword, match=reason):
        passwords.check_strength(password, known=KNOWN)


def test_the_shipped_parameters_are_those_promised() -> None:
    hasher = passwords.configured({})
    assert (hasher.memory_cost, hasher.time_cost, hasher.parallelism) == (64 * 1024, 3, 4)
    assert hasher.hash("x").startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_hash_knows_its_password_only() -> None:
    stored = passwords.hash_password("zebra-teapot-lagoon")
    assert passwords.verify(stored, "zebra-teapot-lagoon")
    assert not passwords.verify(stored, "zebra-teapot-lagoon ")
    assert not passwords.verify("not a hash", "zebra-teapot-lagoon")
