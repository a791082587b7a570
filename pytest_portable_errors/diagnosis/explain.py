"""The document of each cause, ``explanations/<cause>.md``: an example, and its fix."""

from __future__ import annotations

import difflib
from importlib import resources
from typing import TYPE_CHECKING

from pytest_portable_errors.diagnosis.cause_names import EXPLAINED
from pytest_portable_errors.errors import PortableErrorsError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable  # Python 3.11

_SUFFIX = ".md"


def explanation(cause: str) -> str:
    """Read the document of a cause.

    Args:
        cause: A name of ``EXPLAINED``.

    Returns:
        Markdown, without a newline at its end.

    Raises:
        PortableErrorsError: There is no such cause. The error names those with a similar name.
    """
    if cause not in EXPLAINED:
        similar = difflib.get_close_matches(cause, EXPLAINED)
        suggestion = f"; did you mean {' or '.join(similar)}?" if similar else ";"
        raise PortableErrorsError(
            f"unknown cause {cause!r}{suggestion} `python -m pytest_portable_errors explain` lists "
            "all of them"
        )
    return (_documents() / (cause + _SUFFIX)).read_text(encoding="utf-8").rstrip("\n")


def first_sentence(cause: str) -> str:
    """Read the first sentence of a cause's document, below its title: what one sees.

    Raises:
        PortableErrorsError: There is no such cause.
    """
    return explanation(cause).splitlines()[2]


def _documents() -> Traversable:
    return resources.files("pytest_portable_errors") / "explanations"
