"""Writes ``docs/carriers.md`` from the carriers that are installed: ``nox -s carriers`` has all.

``python docs/carriers.py``
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pytest_portable_errors import check_round_trip
from pytest_portable_errors.diagnosis.shown import short_name
from pytest_portable_errors.sender.carriers import table
from pytest_portable_errors.sender.carriers.carrier import Carrier
from pytest_portable_errors.sender.carriers.text_only import TEXT_ONLY
from pytest_portable_errors.survey.carriers import CarrierRow, Cell, carrier_rows
from pytest_portable_errors.survey.probes import PROBES

PAGE = Path(__file__).with_suffix(".md")
BEGINNING = """\
# What carriers make of an exception

Made by `docs/carriers.py` from the carriers that were installed, and compared with real workers and real callers by `nox -s carriers`.
The same table for what is installed with you: `python -m pytest_portable_errors carriers`; for a class of yours: `--class shop.errors.PaymentError`.

The exceptions, each with one habit:

| exception | habit |
|---|---|
| plain class | no code of its own |
| attribute, note and cause | a `ValueError` with all of these |
| two arguments | `__init__` takes two, `args` keeps one |
| keyword arguments | `__init__` takes keywords alone |
| message made anew | `__init__` makes the message from its argument |
| holds a lock | an attribute that cannot be pickled |
| holds such an error | an attribute that is an error with two arguments |
| own `__setstate__` | and no attributes |
| class in a function | found under no name |
| group | an `ExceptionGroup` of two |

A cell says what the caller is given: the exception *whole*; *changed*; *as* another class; nothing, because *dumps* or *loads* raised that error, or because the worker does not send it at all; or one that *ends a process*.
"""


def page() -> str:
    """The page."""
    return "\n".join(_lines(carrier_rows((), PROBES, check_round_trip))).rstrip() + "\n"


def _lines(rows: list[CarrierRow]) -> Iterator[str]:
    yield BEGINNING
    for row in rows:
        yield f"## {row.carrier}"
        yield ""
        yield f"Seen with {row.installed}."
        carrier = table.carrier(row.carrier)
        if isinstance(carrier, Carrier) and carrier.replaces:
            yield carrier.replaces.replace("\n", " ") + "."
        yield ""
        yield "| exception | the caller is given | then |"
        yield "|---|---|---|"
        for outcome, then, probes in _together(row.cells):
            yield f"| {', '.join(probes)} | {outcome} | {then} |"
        yield ""
    yield "## Carriers that keep text alone"
    yield ""
    yield "They bring no exception to anybody, so there is nothing to check."
    yield ""
    yield "| carrier | what its reader is given | seen with |"
    yield "|---|---|---|"
    for name, row in TEXT_ONLY.items():
        yield f"| {name} | {row.says} | {row.seen} |"


def _together(cells: Sequence[Cell]) -> Iterator[tuple[str, str, list[str]]]:
    """Equal outcomes in one line."""
    told: dict[tuple[str, str], list[str]] = {}
    for cell in cells:
        told.setdefault((_shown(cell), cell.then or ""), []).append(cell.probe)
    for (outcome, then), probes in told.items():
        yield outcome, then.rpartition(" (")[0], probes


def _shown(cell: Cell) -> str:
    words, _, name = cell.outcome.partition(" ")
    return f"{words} `{short_name(name)}`" if words in ("as", "loads:", "dumps:") else cell.outcome


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
