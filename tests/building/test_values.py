"""Values are like those in production, distinct, and travel."""

from __future__ import annotations

import abc
import dataclasses
import datetime
import decimal
import enum
import gc
import pathlib
import pickle
import subprocess
import sys
import tempfile
import threading
import types
import urllib.error
import uuid
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, NewType, Protocol, TypeVar, Union

import httpx
import pytest
import requests

from pytest_portable_errors.building.build import build

OrderId = NewType("OrderId", int)
Bound = TypeVar("Bound", bound=decimal.Decimal)


class Level(enum.Enum):
    LOW = 1
    HIGH = 2


@dataclasses.dataclass
class Address:
    street: str
    number: int


class Place(NamedTuple):
    line: int
    text: str


class HasName(Protocol):
    name: str


class Base(abc.ABC):
    name: str

    @abc.abstractmethod
    def go(self) -> None: ...


class Locked:
    def __init__(self, path: str) -> None:
        raise AssertionError(
            "constructors of ordinary classes may connect or write: they are not called"
        )


@dataclasses.dataclass
class Unpicklable:
    name: str

    def __post_init__(self) -> None:
        self.lock = threading.Lock()


def value_of(annotation: object) -> Any:
    class Holds(Exception):
        def __init__(self, value: Any) -> None:
            self.value = value

    Holds.__init__.__annotations__["value"] = annotation
    exc: Any = build(Holds, values={})[0].exc
    return exc.value


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (str, str),
        (float, float),
        (bytes, bytes),
        (frozenset, frozenset),
        (datetime.datetime, datetime.datetime),
        (datetime.timedelta, datetime.timedelta),
        (pathlib.Path, pathlib.Path),
        (uuid.UUID, uuid.UUID),
        (decimal.Decimal, decimal.Decimal),
        (Level, Level),
        (Address, Address),
        (Place, Place),
        (LookupError, LookupError),
        (OrderId, int),
        (Bound, decimal.Decimal),
        (Union[Address, None], Address),  # noqa: UP007  # both spellings are met
        ("Nothing | None", str),
        ("dict[str, Nothing]", dict),
        ("Mapping[str, list[int]]", dict),
        (HasName, str),
        (Base, str),
        (Locked, str),
        (Unpicklable, str),
        (threading.Thread, str),
        (types.TracebackType, type(None)),
        (httpx.Response, httpx.Response),
        (requests.Response, requests.Response),
        (requests.PreparedRequest, requests.PreparedRequest),
    ],
)
def test_an_annotation_is_followed_as_far_as_its_values_travel(
    annotation: object, kind: type
) -> None:
    value = value_of(annotation)
    assert isinstance(value, kind)
    assert value != ""
    pickle.loads(pickle.dumps(value))


def test_a_generic_annotation_is_followed_into_its_items() -> None:
    assert value_of(tuple[int, str]) == (1001, "value-item-2-text")
    assert value_of(dict[str, list[Place]]) == {
        "value-key-text": [Place(line=1001, text="text-text")]
    }
    assert all(isinstance(item, Exception) for item in value_of(list[Exception]))
    assert len({repr(item) for item in value_of(list[str])}) == 2
    assert len(value_of(set[str])) == 1, "the order of more changes with the process"


def test_a_callable_is_a_function_that_every_receiver_has() -> None:
    function = value_of(Callable[[str], str])
    assert pickle.loads(pickle.dumps(function)) is function
    assert function.__module__ in sys.stdlib_module_names


def test_a_default_tells_a_type_and_is_not_used_again() -> None:
    class Defaults(Exception):
        # written without annotations, as many are
        def __init__(self, a=0, b=False, c=(), d=Level.LOW, e=1.5, f=None) -> None:  # type: ignore[no-untyped-def]
            self.values = [a, b, c, d, e, f]

    exc: Any = next(
        variant.exc for variant in build(Defaults, values={}) if variant.how == "by position"
    )
    assert exc.values == [1001, True, ("c-text",), Level.HIGH, 1005.5, "f-text"]


def test_a_name_tells_what_it_usually_holds() -> None:
    class Named(Exception):
        # written without annotations, as many are
        def __init__(self, status, original_error, lineno, response_headers, exc_info) -> None:  # type: ignore[no-untyped-def]
            self.values = [status, original_error, lineno, response_headers, exc_info]

    exc: Any = build(Named, values={})[0].exc
    status, error, line, headers, info = exc.values
    assert (status, line, headers) == (429, 1003, {"retry-after": "7"})
    assert isinstance(error, ValueError)
    assert [type(part) for part in info] == [type, ValueError, type(None)]


@pytest.mark.parametrize("name", ["httpx", "httpx2", "requests"])  # openai stands on httpx2 since 3
def test_requests_and_responses_are_those_of_the_library_that_the_class_derives_from(
    name: str,
) -> None:
    library = pytest.importorskip(name)
    base = library.HTTPError if name == "requests" else library.HTTPStatusError

    # written without annotations, as many are
    def init(self: Any, response, request) -> None:  # type: ignore[no-untyped-def]
        self.seen = response, request

    cls = type("Derived", (base,), {"__init__": init})
    seen: Any = build(cls, values={})[0].exc
    assert [type(value).__module__.partition(".")[0] for value in seen.seen] == [name] * 2


def test_pythons_own_fields_of_name_and_attribute_errors_are_left_alone() -> None:
    class Missing(AttributeError):
        def __init__(self, message: str, name: str = "", obj: object = None) -> None:
            super().__init__(message)
            self.seen = name, obj

    exc: Any
    for exc in (variant.exc for variant in build(Missing, values={})):
        assert exc.seen == ("", None)


VALUES_ELSEWHERE = """
import error_zoo, pickle, sys
from pytest_portable_errors.building.build import CannotBuild, build
for name, cls in sorted(vars(error_zoo).items()):
    if isinstance(cls, type) and issubclass(cls, BaseException) and cls.__module__ == "error_zoo":
        try:
            print(name, [(variant.how, variant.exc.args) for variant in build(cls, values={})])
        except CannotBuild as error:
            print(name, error)
"""


def test_values_are_the_same_in_every_process(pytestconfig: pytest.Config) -> None:
    def run(seed: str) -> str:
        environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": str(pytestconfig.rootpath / "tests")}
        return subprocess.run(
            [sys.executable, "-c", VALUES_ELSEWHERE],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        ).stdout

    assert run("1") == run("2")


def test_mappings_have_a_key_and_a_value() -> None:
    assert value_of(Mapping[str, int]) == {"value-key-text": 1001}


class FetchError(urllib.error.HTTPError):
    """As fsspec derives one from urllib's."""


def test_an_http_error_of_urllib_ends_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its file is closed when the error ends, which a text would refuse there."""
    raised: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", raised.append)
    for variant in build(FetchError, values={}):
        assert isinstance(variant.exc, FetchError)
        assert variant.exc.read() == b"body-text"
    del variant
    gc.collect()
    assert raised == []
    no_file: Any = "fp-text"
    tempfile._TemporaryFileWrapper(no_file, "name")  # the control
    gc.collect()
    assert raised != []
