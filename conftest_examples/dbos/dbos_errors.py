"""The project's errors."""

from __future__ import annotations


class StepFailed(Exception):
    """A step could not be done. Stored for readers without this code, so it travels as what
    everybody has."""

    def __init__(self, step: str, code: int) -> None:
        super().__init__(f"{step} failed with {code}")
        self.step = step
        self.code = code

    def __reduce__(self) -> tuple[type[RuntimeError], tuple[str]]:
        return RuntimeError, (str(self),)
