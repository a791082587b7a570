"""What a summary says of a decision that the project has to take."""

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
}


def decision_text(verdict: Verdict, classes: Sequence[str]) -> str:
    """``portable-errors::receiver - 142 of your exception classes arrive only where your project is
    installed.``"""
    name, of_how_many, _, _ = DECISIONS[verdict]
    return f"portable-errors::{name} - {len(classes):,} {of_how_many[len(classes) > 1]}."


def toml_choice(verdict: Verdict, file: str) -> tuple[str, str]:
    """The first choice once more, as it is written in TOML, where a list has brackets; both of
    pytest's tables take it so."""
    key, _, values = DECISIONS[verdict][3][0][1].partition(" = ")
    return f"in {clean(file)}:", f"{key} = [{', '.join(map(json.dumps, values.split()))}]"


def decision(
    verdict: Verdict, classes: Sequence[str], toml_name: str | None, verbosity: int
) -> Iterator[Line]:
    _, _, question, choices = DECISIONS[verdict]
    if verbosity >= 0:
        for number, (answer, setting) in enumerate(choices):
            yield Line(
                "       "
                f"{question if number == 0 else '':<{len(question)}}   {answer:<40}   {setting}"
            )
        if toml_name is not None:
            yield Line(
                f"       {'':<{len(question)}}   {' '.join(toml_choice(verdict, toml_name))}"
            )
    if verbosity > 0:
        yield from (Line(f"       {clean(short_name(cls))}") for cls in classes)
    elif verbosity == 0 and len(classes) <= NAMES:
        yield Line(f"       {', '.join(clean(short_name(cls)) for cls in classes)}")
