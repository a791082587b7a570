"""Copied as ``test_probe.py`` into the tests of a real project: writes down what the sender and each receiver can import there.

What to look for comes from the environment: ``PROBE_MODULES`` are names to import, ``PROBE_DISTRIBUTIONS`` names to look up,
``PROBE_ERROR`` is the project's own class of errors, as ``module:name``. The findings go to the file ``PROBE_FINDINGS``, as JSON.
"""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path
from typing import Any

from pytest_portable_errors import check_round_trip

METADATA = "__import__('importlib.metadata').metadata"
FIND_SPEC = "__import__('importlib.util').util.find_spec"
IMPORT = "__import__('importlib').import_module"


class Ask(ValueError):
    """Arrives as a ValueError whose message is an expression's value in the receiver."""

    def __reduce__(self) -> tuple[Any, ...]:
        return eval, (f"ValueError(repr({self.args[0]}))",)


def value(expression: str, place: str) -> Any:
    """The value of an expression in the sender or in a receiver; the type of the error, as text, if it raises there."""
    if place == "sender":
        try:
            return eval(expression)
        except Exception as error:
            return f"{type(error).__module__}.{type(error).__qualname__}"
    trip = check_round_trip(Ask(expression), receiver=place, arrives_as=ValueError)
    if trip.received is None:
        return trip.error["type"] if trip.error else str(trip)
    return eval(trip.received["exceptions"][0]["message"]["text"])


def found_in(place: str) -> dict[str, Any]:
    modules = [__name__, *json.loads(os.environ["PROBE_MODULES"])]
    distributions = json.loads(os.environ["PROBE_DISTRIBUTIONS"])
    return {
        "has_spec": {name: value(f"{FIND_SPEC}({name!r}) is not None", place) for name in modules},
        "imports": {name: value(f"{IMPORT}({name!r}) is not None", place) for name in modules},
        "versions": {name: value(f"{METADATA}.version({name!r})", place) for name in distributions},
        "listed": {
            name: value(f"{name!r} in [d.metadata['Name'].replace('_', '-') for d in {METADATA}.distributions()]", place)
            for name in distributions
        },
    }


def journey_of_the_projects_error() -> dict[str, Any]:
    module, _, name = os.environ["PROBE_ERROR"].partition(":")
    trip = check_round_trip(getattr(importlib.import_module(module), name)("refused"))
    return {
        "error": trip.error and trip.error["type"],
        "cause": trip.diagnosis and trip.diagnosis.cause,
        "arrives_with_project": trip.with_project is not None and trip.with_project.arrived_whole,
    }


def test_probe() -> None:
    findings = {place: found_in(place) for place in ("sender", "without-project", "with-project")}
    written = {"test_module": __name__, "places": findings, "journey": journey_of_the_projects_error()}
    Path(os.environ["PROBE_FINDINGS"]).write_text(json.dumps(written), encoding="utf-8")
