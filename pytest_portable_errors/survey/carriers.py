"""The command ``carriers``: what each installed carrier makes of the probes, or of a class."""

from __future__ import annotations

import argparse
import functools
import importlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pytest_portable_errors.building.build import CannotBuild, build
from pytest_portable_errors.diagnosis.checks import CHECKS
from pytest_portable_errors.diagnosis.printable import brief, clean
from pytest_portable_errors.diagnosis.shown import short_name
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.receiver.described import Stage, subject_of
from pytest_portable_errors.sender.carriers import table
from pytest_portable_errors.sender.carriers.carrier import Carrier
from pytest_portable_errors.sender.carriers.text_only import TEXT_ONLY
from pytest_portable_errors.sender.trip import RoundTrip
from pytest_portable_errors.survey.probes import PROBES

Makers = Mapping[str, Callable[[], BaseException]]
"""What makes an exception, by what it is called in the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What a carrier makes of one exception."""

    probe: str
    outcome: str
    """``whole``; ``changed: message, args``; ``as builtins.TypeError``; ``loads: TypeError``;
    ``dumps: TypeError``; ``not sent``; ``ends a process``."""
    then: str | None
    """What happens in production. None: nothing is lost, or nobody has seen it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierRow:
    """What a carrier makes of several."""

    carrier: str
    installed: str
    """What brings it, and its version: ``pydocket 0.27.0``."""
    cells: Sequence[Cell]


def add_carriers(commands: Any) -> None:
    """Add the command's options to the subparsers of ``python -m pytest_portable_errors``."""
    carriers = commands.add_parser(
        "carriers",
        help="what each installed carrier makes of an exception",
        description=(
            "What each installed carrier (Celery, Ray, a process pool...) makes of exceptions with "
            "known habits, or of a class of yours: arrives whole, arrives changed, is replaced, is "
            "lost, and what then happens in production. No cluster and no server is started."
        ),
    )
    carriers.add_argument(
        "carrier",
        metavar="CARRIER",
        nargs="*",
        help="names, such as celery:pickle; without one all that are installed",
    )
    carriers.add_argument(
        "--class",
        dest="cls",
        metavar="CLASS",
        help="dotted name of an exception class: its instances are sent in place of the probes",
    )
    carriers.add_argument("--json", action="store_true", help="print a JSON array, one row each")


def carriers(options: argparse.Namespace, check: Callable[..., RoundTrip]) -> str:
    """Return what the command prints.

    Args:
        options: Those of ``add_carriers``.
        check: ``check_round_trip``.

    Raises:
        PortableErrorsError: There is no such carrier, one that is named is not installed, or no
            instance of the class can be made.
    """
    makers = PROBES if options.cls is None else makers_of(options.cls)
    rows = carrier_rows(options.carrier, makers, check)
    if options.json:
        return json.dumps([asdict(row) for row in rows], indent=2)
    return "\n".join(_lines(rows, with_text=not options.carrier and options.cls is None))


def carrier_rows(
    names: Sequence[str], makers: Makers, check: Callable[..., RoundTrip]
) -> list[CarrierRow]:
    """Send each exception by each carrier to a receiver that has everything.

    Args:
        names: The carriers'. None named: all that are installed.
        makers: What makes the exceptions.
        check: ``check_round_trip``.

    Raises:
        PortableErrorsError: A carrier that is named is unknown, not installed, or none that is
            known.
    """
    found = [(name, table.carrier(name)) for name in names or table.names()]
    unknown = [name for name, carrier in found if carrier is None]
    if unknown:
        raise PortableErrorsError(
            f"unknown carrier {unknown[0]!r}: expected some of {', '.join(table.names())}"
        )
    rows = []
    for name, carrier in found:
        if isinstance(carrier, Carrier):
            if not names and not carrier.is_installed:
                continue
            carrier.ensure_usable()
        cells = [cell for probe in makers if (cell := _cell(name, probe, makers[probe], check))]
        brought = " ".join(carrier.installed) if isinstance(carrier, Carrier) else name
        rows.append(CarrierRow(carrier=name, installed=brought, cells=cells))
    return rows


def makers_of(dotted: str) -> Makers:
    """What makes instances of a class, as the survey would.

    Raises:
        PortableErrorsError: There is no such exception class, or none can be made.
    """
    module, _, name = dotted.rpartition(".")
    if not module:
        raise PortableErrorsError(
            f"--class {dotted}: expected a dotted name, such as shop.errors.PaymentError"
        )
    try:
        cls = getattr(importlib.import_module(module), name)
        if not issubclass(cls, BaseException):
            raise TypeError(f"{dotted} is no exception class")
        variants = build(cls, values={})
    except (ImportError, AttributeError, TypeError, ValueError, CannotBuild) as error:
        raise PortableErrorsError(f"--class {dotted}: {error}") from error
    return {
        f"{short_name(dotted)}, {variant.how}": functools.partial(_same, variant.exc)
        for variant in variants
    }


def _same(exc: BaseException) -> BaseException:
    return exc


def _cell(
    name: str, probe: str, make: Callable[[], BaseException], check: Callable[..., RoundTrip]
) -> Cell | None:
    try:
        exc = make()
    except ImportError:  # this Python has no such class
        return None
    trip = check(exc, serializer=name, receiver="with-project")
    return Cell(probe=probe, outcome=outcome(trip), then=trip.then)


def outcome(trip: RoundTrip) -> str:
    """What became of an exception, in a few words: see ``Cell.outcome``."""
    kinds = {loss.kind for loss in trip.losses}
    if trip.arrived_whole:
        return "whole"
    if trip.received is None:
        if trip.error is None:
            return "not sent" if trip.stage is Stage.DUMPS else trip.stage.value
        return f"{trip.stage.value}: {short_name(trip.error['type'])}"
    if kinds == {"arrival"}:
        return "ends a process"
    if any(loss.kind == "type" and loss.path == "exc" for loss in trip.losses):
        return f"as {subject_of(trip.received)['type']}"
    return f"changed: {', '.join(kind for kind in CHECKS if kind in kinds)}"


def _lines(rows: Sequence[CarrierRow], *, with_text: bool) -> Iterator[str]:
    for row in rows:
        yield f"{clean(row.carrier)}      [{clean(row.installed)}]"
        whole = [cell.probe for cell in row.cells if cell.outcome == "whole"]
        if whole:
            yield f"  whole: {', '.join(map(clean, whole))}"
        told: dict[tuple[str, str | None], list[str]] = {}
        for cell in row.cells:
            if cell.outcome != "whole":
                told.setdefault((cell.outcome, cell.then), []).append(cell.probe)
        for (found, then), probes in told.items():
            yield f"  {clean(found)}: {', '.join(map(clean, probes))}"
            if then is not None:
                yield f"    then  {brief(then, 200)}"
        yield ""
    if with_text:
        yield "carriers that keep text alone, and bring no exception to anybody:"
        width = max(map(len, TEXT_ONLY))
        yield from (f"  {name:<{width}}  {row.says}" for name, row in TEXT_ONLY.items())
