"""What the atlas has seen of libraries, for a run that surveys none: one line of the summary."""

from __future__ import annotations

import functools
import importlib.resources
import json
from collections.abc import Mapping
from typing import NamedTuple

from pytest_portable_errors.diagnosis.printable import clean
from pytest_portable_errors.report.summary_line import count


class Seen(NamedTuple):
    """A row of ``atlas.json``, which ``docs/atlas.py`` writes."""

    version: str
    """The version that was looked at: of others nothing is said."""
    month: str
    """When: ``2026-11``."""
    lossy: int
    classes: int
    example: str
    """What becomes of one class, in words."""


def told(installed: Mapping[str, str]) -> str:
    """What is said of the libraries that a project requires; "" if nothing is known of them.

    Args:
        installed: Name, normalized (PEP 503), -> version.
    """
    known = [
        (seen.lossy, name, seen)
        for name, version in installed.items()
        if (seen := _digest().get(name)) is not None and seen.version == version
    ]
    if not known:
        return ""
    _, name, seen = max(known)
    more = f"; {count(len(known) - 1, 'more library', 'more libraries')}" if len(known) > 1 else ""
    return clean(
        f"{name} {seen.version} is among your dependencies: {seen.example} (atlas, {seen.month}: "
        f"{seen.lossy:,} of {seen.classes:,} classes{more}); --portable-errors-survey dependencies "
        "checks yours"
    )


@functools.cache
def _digest() -> dict[str, Seen]:
    file = importlib.resources.files("pytest_portable_errors.report").joinpath("atlas.json")
    return {name: Seen(*row) for name, row in json.loads(file.read_text("utf-8")).items()}
