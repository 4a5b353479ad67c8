"""The one exception that ends the process on purpose."""


class FatalError(Exception):
    """Nothing can work: the message is the last line of the log, ``exit_code`` what the process returns."""

    def __init__(self, message: str, *, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code
