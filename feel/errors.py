"""What FEEL raises. Everything that the standard answers with null is null instead."""


class FeelError(Exception):
    """Base of what this package raises."""


class FeelSyntaxError(FeelError):
    """The text is not FEEL. ``line`` and ``column`` count from 1."""

    def __init__(self, message: str, line: int = 1, column: int = 1):
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


class BudgetExceeded(FeelError):
    """The computation is larger than an expression may be; it was stopped, not answered."""


class CalendarError(FeelError):
    """A deadline could not be computed from the calendars that were given."""


class UnknownCalendar(CalendarError):
    """No calendar of this name was given."""


class CalendarTooShort(CalendarError):
    """The loaded bank holidays end before the answer. Deadlines are never guessed."""
