"""The project's errors as they were before the fix: the control, and what rows that were stored
then refer to."""

from __future__ import annotations


class StepFailed(Exception):
    """A step could not be done."""

    def __init__(self, step: str, code: int) -> None:
        super().__init__(f"{step} failed with {code}")
        self.step = step
        self.code = code
