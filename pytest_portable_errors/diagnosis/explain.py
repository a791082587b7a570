"""What a cause means: one document for each, ``explanations/<cause>.md``, with an example and its
fix."""

from __future__ import annotations

import difflib
from importlib import resources
from typing import TYPE_CHECKING

from pytest_portable_errors.diagnosis.cause_names import CAUSE_NAMES
from pytest_portable_errors.errors import PortableErrorsError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable  # Python 3.11

_SUFFIX = ".md"


def explanation(cause: str) -> str:
    """The document, Markdown without a newline at its end.

    Raises PortableErrorsError if there is no such cause; it names those that are called alike.
    """
    if cause not in CAUSE_NAMES:
        alike = difflib.get_close_matches(cause, CAUSE_NAMES)
        meant = f"; did you mean {' or '.join(alike)}?" if alike else ";"
        raise PortableErrorsError(
            f"unknown cause {cause!r}{meant} `python -m pytest_portable_errors explain` lists "
            "all of them"
        )
    return (_documents() / (cause + _SUFFIX)).read_text(encoding="utf-8").rstrip("\n")


def first_sentence(cause: str) -> str:
    """What one sees: the line below the title. Raises PortableErrorsError as ``explanation``
    does."""
    return explanation(cause).splitlines()[2]


def _documents() -> Traversable:
    return resources.files("pytest_portable_errors") / "explanations"
