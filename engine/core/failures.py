"""How a step fails inside the core. None of these leaves `engine.runtime`."""


class StepFailed(Exception):
    """A step cannot be carried out; its token is parked as an incident.

    ``error`` names the kind of fault (``UndecidedCondition``), ``cause`` is a sentence for people
    that never holds a value of a variable. Raised before the step has changed anything.
    """

    def __init__(self, error: str, cause: str, operation: str | None = None):
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause
        self.operation = operation


class ErrorThrown(Exception):
    """A BPMN error leaves an activity; whoever catches it takes the token from there."""

    def __init__(self, code: str | None, message: str = "", operation: str | None = None):
        super().__init__(code)
        self.code = code
        self.message = message
        self.operation = operation
