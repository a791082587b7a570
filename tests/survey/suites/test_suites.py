"""Each suite raises what its library raises, and what is said of that is what plain pickle does.

``test_..._by_hand`` compares, in two processes and without the plugin, what ``pickle`` makes of each
exception that was raised.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from by_hand import another_process, differences
from suite_libraries import NEEDS, skip_unless_installed

from pytest_portable_errors import check_round_trip
from pytest_portable_errors.building.build import CannotBuild
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.survey.cases import Subject, find_suite, suite_names

CHECKS = ("type", "message", "args", "attributes", "notes")

CHOSEN_BY_THE_CLASS = {
    ("psycopg", "attributes"),  # Error.__reduce__ sends the fields of the result in its place
}
"""What plain pickle changes because the class's own reducer, in Python, says so."""
OTHER_TEXT = {("sqlalchemy", "no-type")}
"""Its message names the address of an object."""


def is_missing_here(suite: str, scenario: str, reason: str) -> bool:
    """Whether a scenario is known to raise nothing with what is installed here."""
    if suite == "aiohttp" and scenario == "too-many-redirects":  # 3.9 gives the last response
        return importlib.metadata.version("aiohttp").startswith("3.9.")
    return "need fakeredis" in reason or "in this version" in reason


@pytest.fixture(params=NEEDS)
def suite(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    skip_unless_installed(name)
    return name


def subjects(name: str) -> Iterator[Subject]:
    module = importlib.import_module(f"pytest_portable_errors.survey.suites.{name}")
    yield from module.subjects(Receivers(), ())


@pytest.fixture
def reader() -> Iterator[subprocess.Popen[str]]:
    with another_process() as process:
        yield process


def test_what_is_raised_fares_as_by_hand(suite: str, reader: subprocess.Popen[str]) -> None:
    disagree, raised = [], 0
    threads = threading.active_count()
    for subject in subjects(suite):
        if not subject.origin:
            continue
        scenario = subject.origin.removeprefix("raised-")
        try:
            [variant] = subject.instances()
        except CannotBuild as reason:
            assert is_missing_here(suite, scenario, str(reason))
            continue
        raised += 1
        by_hand = [
            name
            for name in differences(variant.exc, reader)
            if (suite, name) not in CHOSEN_BY_THE_CLASS
            and not ((suite, scenario) in OTHER_TEXT and name == "text")
        ]
        trip = check_round_trip(variant.exc, checks=CHECKS)
        if trip.arrived_whole != (not by_hand):
            disagree.append((scenario, by_hand, str(trip)))
    assert disagree == []
    assert raised >= (2 if suite == "redis" else 11)
    assert threading.active_count() <= threads, "its server has ended"


def test_the_control_an_error_that_is_lost_is_lost_by_hand(reader: subprocess.Popen[str]) -> None:
    assert differences(KeyError("a", 7), reader) == []
    assert differences(ValueError(threading.Lock()), reader) == ["dumps TypeError"]
    assert differences(_Changed("a"), reader) == ["type", "text", "args"]


class _Changed(Exception):
    def __reduce__(self) -> Any:
        return ValueError, ("b",)


def test_all_are_offered() -> None:
    assert set(suite_names()) >= {*NEEDS, "litellm"}


@pytest.mark.parametrize("name", [*NEEDS, "litellm"])
def test_without_its_library_a_suite_says_how_to_install_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(distribution: str) -> str:
        raise importlib.metadata.PackageNotFoundError(distribution)

    suite = find_suite(name)
    monkeypatch.setattr(importlib.metadata, "version", missing)
    with pytest.raises(PortableErrorsError, match=rf"the suite {name} needs .*: pip install"):
        next(iter(suite(Receivers(), ())))
