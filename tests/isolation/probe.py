"""Copied as ``test_probe.py`` into the tests of a real project: writes down what the sender and
each receiver can import there.

``PROBE_MODULES`` and ``PROBE_DISTRIBUTIONS`` in the environment are names to look for, as JSON, and
``PROBE_ERROR`` is the project's own class of errors, as ``module:name``. The findings go to the
file ``PROBE_FINDINGS``.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
from pathlib import Path
from typing import Any

import pytest

from pytest_portable_errors import check_round_trip


def look_for(modules: list[str], distributions: list[str]) -> dict[str, dict[str, object]]:
    """What importing and looking up each name gives here, or the type of the error that it raises.
    Its source runs in the receivers."""
    import importlib.metadata
    import importlib.util

    def outcome(ask: object, name: str) -> object:
        try:
            return ask(name)  # type: ignore[operator]  # asked by its name
        except Exception as error:
            return f"{type(error).__module__}.{type(error).__qualname__}"

    names = [
        distribution.metadata["Name"].replace("_", "-")
        for distribution in importlib.metadata.distributions()
    ]
    return {
        "has_spec": {
            name: outcome(lambda name: importlib.util.find_spec(name) is not None, name)
            for name in modules
        },
        "imports": {
            name: outcome(lambda name: importlib.import_module(name) is not None, name)
            for name in modules
        },
        "versions": {name: outcome(importlib.metadata.version, name) for name in distributions},
        "listed": {name: name in names for name in distributions},
    }


class Ask(ValueError):
    """Arrives as a ValueError whose message is the JSON of what ``look_for`` finds in the
    receiver."""

    def __reduce__(self) -> tuple[Any, ...]:
        look = (
            f"[names := {{}}, exec({inspect.getsource(look_for)!r}, names)] and "
            f"names['look_for'](*{self.args!r})"
        )
        return eval, (f"ValueError(__import__('json').dumps({look}, separators=(',', ':')))",)


def found_in(receiver: str, modules: list[str], distributions: list[str]) -> Any:
    trip = check_round_trip(Ask(modules, distributions), receiver=receiver, arrives_as=ValueError)
    assert trip.received is not None, str(trip)
    return json.loads(trip.received["exceptions"][0]["message"]["text"])


def trip_of_the_projects_error() -> dict[str, Any]:
    module, _, name = os.environ["PROBE_ERROR"].partition(":")
    trip = check_round_trip(getattr(importlib.import_module(module), name)("refused"))
    return {
        "from_file": inspect.getfile(importlib.import_module(module)),
        "error": trip.error and trip.error["type"],
        "cause": trip.diagnosis and trip.diagnosis.cause,
        "arrives_with_project": trip.with_project is not None and trip.with_project.arrived_whole,
    }


@pytest.mark.usefixtures("assert_roundtrip")
def test_with_the_plugin() -> None:
    write_findings()


def test_with_a_plain_call() -> None:
    """Nothing but the call tells the plugin that it is used."""
    write_findings()


def write_findings() -> None:
    modules = sorted({__name__, *json.loads(os.environ["PROBE_MODULES"])})
    distributions = json.loads(os.environ["PROBE_DISTRIBUTIONS"])
    places = {
        receiver: found_in(receiver, modules, distributions)
        for receiver in ("without-project", "with-project")
    }
    places["sender"] = look_for(modules, distributions)
    written = {
        "test_module": __name__,
        "places": places,
        "own_error": trip_of_the_projects_error(),
    }
    Path(os.environ["PROBE_FINDINGS"]).write_text(json.dumps(written), encoding="utf-8")
