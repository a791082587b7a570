"""Lines of the summary for the decisions that a project has to take."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from pytest_portable_errors.diagnosis.printable import clean
from pytest_portable_errors.diagnosis.shown import short_name
from pytest_portable_errors.report.rows import Verdict
from pytest_portable_errors.report.summary_line import NAMES, Line

DECISIONS = {
    Verdict.LACKS_PROJECT: (
        "receiver",
        (
            "of your exception classes arrives only where your project is installed",
            "of your exception classes arrive only where your project is installed",
        ),
        "Who reads your errors?",
        (
            ("workers and clients that have your code:", "portable_errors_receiver = with-project"),
            (
                "a dashboard, CLI or client without it:",
                "portable_errors_receiver = without-project",
            ),
        ),
    ),
    Verdict.DROPS_CHAIN: (
        "chain",
        (
            (
                "exception class that your tests raise arrives without its chain, which plain "
                "pickle does not carry"
            ),
            (
                "exception classes that your tests raise arrive without their chain, which plain "
                "pickle does not carry"
            ),
        ),
        "Do they need causes?",
        (
            (
                "no, the error itself is enough:",
                "portable_errors_checks = type message args attributes notes members",
            ),
            (
                "yes, __cause__ and __context__ too:",
                "portable_errors_checks = type message args attributes notes members chain",
            ),
        ),
    ),
    Verdict.NOT_SET_UP: (
        "setup",
        (
            "exception class could not be looked at: the receiver was not set up for it",
            "exception classes could not be looked at: the receiver was not set up for them",
        ),
        "What do your workers call at their start?",
        (
            (
                "a function, as Django's programs do:",
                "portable_errors_receiver_setup = module:callable",
            ),
            ("nothing, these errors are defects:", "portable_errors_receiver_setup = none"),
        ),
    ),
}
"""Decision -> its name, its statement for one class and for several, its question, and the choices:
(answer, setting)."""


def decision_text(verdict: Verdict, classes: Sequence[str]) -> str:
    """``portable-errors::receiver - 142 of your exception classes arrive only where...``.

    Args:
        verdict: A key of ``DECISIONS``.
        classes: The classes that are lost only because the decision is open; at least one.
    """
    name, statements, _, _ = DECISIONS[verdict]
    return f"portable-errors::{name} - {len(classes):,} {statements[len(classes) > 1]}."


def toml_setting(setting: str) -> str:
    """A setting as TOML writes it, where a list has brackets; both of pytest's tables take it so.

    ``setting`` is as an INI file has it: ``portable_errors_receiver = with-project``.
    """
    key, _, values = setting.partition(" = ")
    return f"{key} = [{', '.join(map(json.dumps, values.split()))}]"


def place_of_settings(toml_name: str | None, toml_table: str) -> str:
    """Where settings stand: ``pyproject.toml, [tool.pytest.ini_options]``; empty if not in TOML.

    The arguments are as ``Outcome`` has them.
    """
    return "" if toml_name is None else ", ".join(filter(None, (toml_name, toml_table)))


def shown_setting(setting: str, place: str) -> str:
    """A setting as the file has it that ``place_of_settings`` names."""
    return toml_setting(setting) if place else setting


def decision(
    verdict: Verdict, classes: Sequence[str], place: str, verbosity: int
) -> Iterator[Line]:
    """The lines below a decision: its choices, and the classes that are lost because it is open.

    Args:
        verdict: A key of ``DECISIONS``.
        classes: Dotted names. All are named with -v, and a few (``NAMES``) without.
        place: What ``place_of_settings`` gave.
        verbosity: The count of -v less that of -q; below 0 no choices are shown.
    """
    _, _, question, choices = DECISIONS[verdict]
    if verbosity >= 0:
        yield Line(f"       {question}" + (f"   In {clean(place)}:" if place else ""))
        for answer, setting in choices:
            yield Line(f"         {answer:<42}   {shown_setting(setting, place)}")
    if verbosity > 0:
        yield from (Line(f"       {clean(short_name(cls))}") for cls in classes)
    elif verbosity == 0 and len(classes) <= NAMES:
        yield Line(f"       {', '.join(clean(short_name(cls)) for cls in classes)}")
