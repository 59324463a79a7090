"""The one error that the lab shows to a user."""


class LabError(Exception):
    """What went wrong, as a fragment that fits "failed to ...", with an optional line on what to do."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
