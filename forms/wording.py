"""What people read when an answer is missing or cannot be taken. Messages name the fix."""

import re
from decimal import Decimal

from forms.definition import Kind, Question

_NUMBERING = re.compile(r"^\s*(?:Q?\d{1,3}[.):]|\(?\d{1,3}\))\s+")


def missing(question: Question) -> str:
    """Say that an answer is required: "Enter name", "Select language"."""
    if question.error_required:
        return question.error_required
    asked = plain_label(question)
    if question.kind is Kind.CHECKBOX:
        return f"Tick “{asked}” to go on"
    if question.kind is Kind.FILES:
        return f"Choose a file for {lowered(asked)}"
    if asked.endswith("?"):
        verb = "Select an answer to" if question.kind.is_choice else "Answer"
        return f"{verb} “{asked}”"
    return f"{'Select' if question.kind.is_choice else 'Enter'} {lowered(asked)}"


def malformed(question: Question, ending: str) -> str:
    """Say what is wrong with an answer; ``ending`` goes on after the question's label."""
    if question.error_format:
        return question.error_format
    if question.kind.is_choice:
        return f"Select an answer to “{plain_label(question)}” from the list"
    return sentence(question, ending)


def sentence(question: Question, ending: str) -> str:
    asked = plain_label(question)
    subject = f"The answer to “{asked}”" if asked.endswith("?") else asked
    return f"{subject} {ending}"


def length(question: Question) -> str:
    """Say how long a text may or must be."""
    return sentence(question, f"must be {question.longest:,} characters or fewer")


def shortness(question: Question) -> str:
    return sentence(question, f"must be {question.shortest:,} characters or more")


def limits(question: Question) -> str:
    """Say between which numbers the answer must lie."""
    low, high = question.lowest, question.highest
    if low is not None and high is not None:
        return sentence(question, f"must be between {figure(low)} and {figure(high)}")
    if low is not None:
        return sentence(question, f"must be {figure(low)} or more")
    return sentence(question, f"must be {figure(high or Decimal(0))} or less")


def digits(question: Question) -> str:
    if not question.digits:
        return sentence(question, "must be a whole number")
    return sentence(question, f"must have {question.digits} decimal places or fewer")


def figure(number: Decimal) -> str:
    """Write a number as people do: 1,000 and 0.5."""
    return f"{number:,f}".rstrip("0").rstrip(".") if "." in f"{number:f}" else f"{number:,f}"


def plain_label(question: Question) -> str:
    """Return the label without the number in front of it."""
    return _NUMBERING.sub("", question.label)


def lowered(label: str) -> str:
    """Return the label as it stands in a sentence; NHS, I and names of one capital stay."""
    first = label.split(" ", 1)[0]
    if first == "I" or not first[:1].isupper() or any(c.isupper() for c in first[1:]):
        return label
    return label[:1].lower() + label[1:]
