"""Each suite raises what its library raises, and what is said of that is what plain pickle does.

``test_..._by_hand`` compares, in two processes and without the plugin, what ``pickle`` makes of each
exception that was raised.
"""

from __future__ import annotations

import base64
import importlib
import importlib.metadata
import json
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pytest_portable_errors import check_round_trip
from pytest_portable_errors.building.build import CannotBuild
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.survey.cases import Subject, find_suite, suite_names

NEEDS = {
    "aiohttp": "aiohttp",
    "anthropic": "anthropic",
    "botocore": "botocore",
    "click": "click",
    "google": "google-api-core",
    "grpc": "grpcio",
    "httpx": "httpx",
    "openai": "openai",
    "psycopg": "psycopg",
    "pydantic": "pydantic",
    "redis": "redis",
    "requests": "requests",
    "sqlalchemy": "SQLAlchemy",
}
"""Suite -> the distribution that it is about. LiteLLM's has tests of its own."""
CHECKS = ("type", "message", "args", "attributes", "notes")

LOOK = """
import base64, json, pickle, sys

def plain(value, depth=0):
    if depth > 6 or isinstance(value, (str, int, float, bool, bytes, type(None))):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, *(plain(one, depth + 1) for one in value)]
    if isinstance(value, dict):
        return {repr(key): plain(one, depth + 1) for key, one in value.items()}
    if isinstance(value, BaseException):
        return [type(value).__name__, text(value), plain(value.args, depth + 1)]
    return f"{type(value).__module__}.{type(value).__qualname__}"

def text(exc):
    try:
        return str(exc)
    except BaseException as error:
        return f"str() raises {type(error).__name__}"

def stored(exc):
    found = {name: value for name, value in vars(exc).items() if name != "__notes__"}
    for cls in type(exc).__mro__:
        slots = vars(cls).get("__slots__", ())
        for name in [slots] if isinstance(slots, str) else slots:
            if hasattr(exc, name) and not name.startswith("__"):
                found[name] = getattr(exc, name)
    return found

def look(exc):
    return {
        "type": f"{type(exc).__module__}.{type(exc).__qualname__}",
        "text": text(exc),
        "args": plain(exc.args),
        "attributes": plain(stored(exc)),
        "notes": getattr(exc, "__notes__", []),
    }

if __name__ == "__main__":
    for line in sys.stdin:
        try:
            print(json.dumps(look(pickle.loads(base64.b64decode(line)))), flush=True)
        except BaseException as error:
            print(json.dumps(type(error).__name__), flush=True)
"""
"""Looks at an exception; run as a program, at those that it reads."""
_scope: dict[str, Any] = {"__name__": "look"}
exec(LOOK, _scope)
look: Callable[[BaseException], dict[str, Any]] = _scope["look"]

CHOSEN_BY_THE_CLASS = {
    ("psycopg", "attributes"),  # Error.__reduce__ sends the fields of the result in its place
}
"""What plain pickle changes because the class's own reducer, in Python, says so."""
OTHER_TEXT = {("sqlalchemy", "no-type")}
"""Its message names the address of an object."""


@pytest.fixture(params=NEEDS)
def suite(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    try:
        importlib.metadata.version(NEEDS[name])
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"{NEEDS[name]} is not installed")
    return name


def subjects(name: str) -> Iterator[Subject]:
    module = importlib.import_module(f"pytest_portable_errors.survey.suites.{name}")
    yield from module.subjects(Receivers(), ())


@pytest.fixture
def reader() -> Iterator[subprocess.Popen[str]]:
    """Another process, which loads what it reads, and says what that is."""
    with subprocess.Popen(
        [sys.executable, "-c", LOOK],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def differences(exc: BaseException, reader: subprocess.Popen[str]) -> list[str]:
    """What plain pickle makes of it: [] if nothing is lost."""
    before = json.loads(json.dumps(look(exc)))
    try:
        payload = pickle.dumps(exc)
    except Exception as error:
        return [f"dumps {type(error).__name__}"]
    assert reader.stdin is not None
    assert reader.stdout is not None
    reader.stdin.write(base64.b64encode(payload).decode() + "\n")
    reader.stdin.flush()
    after = json.loads(reader.stdout.readline())
    if isinstance(after, str):
        return [f"loads {after}"]
    return [name for name in before if before[name] != after[name]]


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
            assert "need fakeredis" in str(reason)
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
    assert raised >= (2 if suite == "redis" else 12)
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
