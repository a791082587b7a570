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
from packaging.requirements import Requirement
from packaging.version import Version
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


def is_of_the_oldest_version(suite: str) -> bool:
    """Whether its library is the oldest that is allowed, which may lack what a scenario asks."""
    installed = Version(importlib.metadata.version(NEEDS[suite]))
    declared = map(Requirement, importlib.metadata.requires("pytest-portable-errors") or ())
    return any(
        one.name.lower() == NEEDS[suite].lower() and installed == Version(allowed.version)
        for one in declared
        for allowed in one.specifier
    )


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
    disagree, raised, missing = [], 0, 0
    threads = threading.active_count()
    for subject in subjects(suite):
        if not subject.origin:
            continue
        scenario = subject.origin.removeprefix("raised-")
        try:
            [variant] = subject.instances()
        except CannotBuild as reason:
            assert "need fakeredis" in str(reason) or is_of_the_oldest_version(suite)
            missing += 1
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
    assert raised + missing >= (2 if suite == "redis" else 12)
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
