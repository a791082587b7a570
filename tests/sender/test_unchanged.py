"""Pickling changes nothing of what an exception holds, whatever its own code does meanwhile."""

from __future__ import annotations

import collections
import functools
import io
import pickle
import sys
from collections.abc import Callable
from typing import Any

import error_zoo as zoo
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_portable_errors.run.capture import CapturedExceptions
from pytest_portable_errors.sender.extent import held_by
from pytest_portable_errors.sender.outgoing import (
    describe_and_pickle,
    describe_and_pickle_by_each,
    describe_and_pickle_value,
)
from pytest_portable_errors.sender.registry import Serializers
from pytest_portable_errors.sender.unchanged import unchanged


def ruin(value: Any) -> None:
    """Empty a value, and all that it holds, or put something else into it."""
    if isinstance(value, dict):
        for inner in value.values():
            ruin(inner)
        value.clear()
        value["ruined"] = True
    elif isinstance(value, (list, tuple)):
        for inner in value:
            ruin(inner)
        if isinstance(value, list):
            value.reverse()
            value.append("ruined")
    elif isinstance(value, (set, collections.deque)):
        value.clear()
    elif isinstance(value, bytearray):
        value += b"ruined"
    elif isinstance(value, BaseException):
        ruin(value.__dict__)
    elif isinstance(value, zoo.Holder):
        ruin(value.__dict__)
        ruin(value.held)
        value.held = "ruined"


class Vandal(Exception):
    """Its reducer ruins all that it holds."""

    def __reduce__(self) -> Any:
        ruin(self.args)
        ruin(self.__dict__)
        self.args = ("ruined",)
        return type(self), self.args, self.__dict__


def as_it_is(value: Any) -> object:
    """What a value holds, by identity, at any depth: equal only for the very same objects."""
    if isinstance(value, dict):
        return id(value), [(id(key), as_it_is(inner)) for key, inner in value.items()]
    if isinstance(value, (list, tuple, collections.deque)):
        return id(value), [as_it_is(inner) for inner in value]
    if isinstance(value, set):
        return id(value), {id(inner) for inner in value}
    if isinstance(value, bytearray):
        return id(value), bytes(value)
    if isinstance(value, BaseException):
        links = (value.__cause__, value.__context__, value.__suppress_context__)
        return id(value), as_it_is(value.args), as_it_is(value.__dict__), list(map(as_it_is, links))
    if isinstance(value, zoo.Holder):
        return id(value), as_it_is(value.__dict__), as_it_is(value.held)
    return id(value)


NESTED: st.SearchStrategy[Any] = st.recursive(
    st.integers() | st.text() | st.builds(bytearray, st.binary()) | st.sets(st.integers()),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text(), inner)
        | st.tuples(inner, inner)
        | st.builds(collections.deque, st.lists(inner))
        | st.builds(collections.OrderedDict, st.dictionaries(st.text(), inner))
        | st.builds(collections.defaultdict, st.none(), st.dictionaries(st.text(), inner))
        | st.builds(zoo.Holder, inner, client=inner)
        | st.builds(ValueError, inner)
    ),
    max_leaves=20,
)


@given(st.lists(NESTED, max_size=3), st.dictionaries(st.text(), NESTED, max_size=3))
def test_what_a_reducer_writes_is_undone_at_any_depth(
    args: list[Any], attributes: dict[str, Any]
) -> None:
    exc = Vandal(*args)
    exc.__dict__.update(attributes)
    before = as_it_is(exc)
    describe_and_pickle(exc, serializer=Serializers().find("pickle"))
    assert as_it_is(exc) == before


def test_the_control_a_reducer_does_write() -> None:
    exc = Vandal([1], {2})
    exc.__dict__["client"] = zoo.Holder(client={"a": [3]})
    before = as_it_is(exc)
    pickle.dumps(exc)
    assert as_it_is(exc) != before


class Relinks(Exception):
    """Its reducer takes it off its chain."""

    def __reduce__(self) -> Any:
        self.__cause__ = None
        self.__context__ = ValueError("another")
        return type(self), self.args


@pytest.mark.parametrize("suppress", [True, False])
def test_its_chain_and_the_flag_are_as_they_were(suppress: bool) -> None:
    exc = zoo.chained(Relinks("m"), cause=KeyError("cause"), context=KeyError("context"))
    exc.__suppress_context__ = suppress
    before = as_it_is(exc)
    describe_and_pickle(exc, serializer=Serializers().find("pickle"))
    assert as_it_is(exc) == before


class Vacates(OSError):
    """Its reducer empties one slot, fills another, and changes what C keeps."""

    __slots__ = ("code", "late")
    code: int
    late: int

    def __reduce__(self) -> Any:
        del self.code
        self.late = 4
        self.filename, self.errno = "another", None
        return type(self), self.args


def test_slots_and_what_c_keeps_are_as_they_were() -> None:
    exc = Vacates(2, "no such thing", "f")
    exc.code = 3
    outgoing = describe_and_pickle(exc, serializer=Serializers().find("pickle"))
    assert outgoing.payload is not None, "the control: the reducer did its work"
    assert (exc.code, exc.filename, exc.errno) == (3, "f", 2)
    assert not hasattr(exc, "late")


class Raises(Exception):
    """Its reducer empties it, and fails."""

    def __reduce__(self) -> Any:
        self.__dict__.clear()
        raise RuntimeError


def test_what_was_written_before_a_failure_is_undone_too() -> None:
    exc = Raises("m")
    exc.__dict__["code"] = 3
    outgoing = describe_and_pickle(exc, serializer=Serializers().find("pickle"))
    assert outgoing.error is not None
    assert exc.__dict__ == {"code": 3}


def test_each_serializer_has_the_exception_as_it_was() -> None:
    exc = zoo.DropsFromItself("m")
    find = Serializers().find
    first, second = describe_and_pickle_by_each(
        exc, [find("pickle"), find("pickle:2")], primitive=True
    )
    assert exc.connection == "alive"
    assert first.sent["exceptions"][0]["attributes"].keys() == {"connection"}
    assert second.sent["exceptions"][0]["attributes"].keys() == {"connection"}


class ValueThatWrites:
    def __init__(self) -> None:
        self.items = [1, 2]

    def __reduce__(self) -> Any:
        self.items.clear()
        return ValueThatWrites, ()


def test_a_value_that_is_sent_by_itself_is_as_it_was() -> None:
    value = ValueThatWrites()
    describe_and_pickle_value(value, serializer=Serializers().find("pickle"))
    assert value.items == [1, 2]


def test_a_dict_that_pickling_makes_is_emptied_again() -> None:
    class Stores(Exception):
        def __reduce__(self) -> Any:
            self.code = 3
            return type(self), self.args

    exc = Stores("m")
    describe_and_pickle(exc, serializer=Serializers().find("pickle"))
    assert exc.__dict__ == {}


def written_in(block: Callable[[], object], exc: BaseException) -> list[int]:
    data: list[int] = [1]
    exc.__dict__["data"] = data
    with unchanged(held_by(exc)):
        data.append(2)
        block()
    return data


def test_nothing_is_undone_where_python_s_own_code_alone_pickles_all_of_it() -> None:
    """Nobody's code runs then; what another thread writes meanwhile stays."""
    assert written_in(lambda: None, ValueError("m")) == [1, 2]
    assert written_in(lambda: None, zoo.DropsState("m")) == [1], "the control"


def test_a_class_or_module_that_is_held_is_not_written_to() -> None:
    exc = Vandal()
    exc.__dict__.update(module=pickle, cls=zoo.Holder)
    before = dict(vars(zoo.Holder))
    with unchanged(held_by(exc)):
        zoo.Holder.added = 1  # type: ignore[attr-defined]  # any attribute
    try:
        assert vars(zoo.Holder).keys() - before.keys() == {"added"}
    finally:
        del zoo.Holder.added  # type: ignore[attr-defined]  # any attribute


def test_an_exception_without_a_dict_is_pickled_without_one() -> None:
    """As production pickles it: with an empty ``__dict__`` its ``__setstate__`` would be called."""
    exc = ValueError("m")
    outgoing = describe_and_pickle(exc, serializer=Serializers().find("pickle"))
    assert outgoing.payload == pickle.dumps(ValueError("m"))


def test_what_a_cache_keeps_for_itself_is_not_looked_into() -> None:
    """The dict that ``functools.lru_cache`` looks up is its own, and is found by the garbage
    collector alone: putting back what was in it would break it."""
    error = Vandal("a")
    cached = functools.lru_cache(lambda key: [key])
    error.cached = cached  # type: ignore[attr-defined]  # as programs do
    kept = cached("looked up")
    assert not any(value is kept for value in held_by(error).objects)
    error.kept = kept  # type: ignore[attr-defined]  # the control
    assert any(value is kept for value in held_by(error).objects)


class Restores(Exception):
    """Called with a state, even an empty one, it says so: without attributes it is not called."""

    def __setstate__(self, state: dict[str, Any] | None) -> None:
        self.__dict__.update(state or {}, restored=True)


class Bare(Exception):
    """It cannot be referenced weakly, and asks for its state."""

    __slots__ = ()

    def __setstate__(self, state: object) -> None:
        raise ValueError("there was none")


ARGS = st.lists(st.integers() | st.text(max_size=5), max_size=3).map(tuple)
ATTRIBUTES = st.dictionaries(st.sampled_from(["code", "who"]), st.integers(), max_size=2)
CLASSES = st.sampled_from(
    [ValueError, KeyError, OSError, Restores, Bare, zoo.Portable, zoo.Slotted]
)


@st.composite
def makers(draw: st.DrawFn) -> Callable[[], BaseException]:
    """What makes equal exceptions, again and again."""
    cls: Any = draw(CLASSES)
    args, attributes, note = draw(ARGS), draw(ATTRIBUTES), draw(st.none() | st.text(max_size=3))

    def make() -> BaseException:
        error: BaseException = cls.__new__(cls, *args)
        error.args = args
        if attributes:  # otherwise its __dict__ is not asked for
            vars(error).update(attributes)
        if note is not None and sys.version_info >= (3, 11):
            error.add_note(note)
        return error

    return make


@given(makers(), st.sampled_from(["pickle", "pickle:2", "cloudpickle", "dill", "process-pool"]))
def test_the_payload_is_that_of_an_untouched_twin(
    make: Callable[[], BaseException], name: str
) -> None:
    serializer = Serializers().find(name)
    twins = serializer.dumps(make())
    error = make()
    assert describe_and_pickle(error, serializer=serializer).payload == twins
    assert describe_and_pickle(error, serializer=serializer).payload == twins, "nor the next time"
    by_each = describe_and_pickle_by_each(
        make(), (Serializers().find("cloudpickle"), serializer), primitive=True
    )
    assert by_each[1].payload == twins


@given(makers())
def test_and_of_one_that_a_test_raises(make: Callable[[], BaseException]) -> None:
    error, serializer = make(), Serializers().find("pickle")
    capture = CapturedExceptions(serializers=(serializer,), traceback=False, outcomes=())
    assert [each.payload for each in capture.see(error)] == [serializer.dumps(make())]
    assert capture.see(error) is capture.see(error), "it is known again"
    assert capture.see(make()) is not capture.see(error)


def test_the_control_a_dict_that_was_asked_for_is_sent() -> None:
    error = Restores("a")
    before = pickle.dumps(error)
    assert vars(error) == {}
    assert pickle.dumps(error) != before


class Download:
    """Reads the rest of its stream when it is pickled, as a response of requests does."""

    def __init__(self, stream: io.BytesIO) -> None:
        self.stream = stream
        self.body: bytes | None = None
        self.note = "as it was"

    def __getstate__(self) -> dict[str, object]:
        if self.body is None:
            self.body = self.stream.read()
            self.stream.close()
        self.note = "pickled"
        return {"body": self.body}


def test_what_was_read_from_a_stream_stays_read() -> None:
    """It cannot be read again: a test that goes on needs what was read."""
    download = Download(io.BytesIO(b"the body"))
    exc: Any = ValueError("refused")
    exc.response = download
    for _ in range(2):
        outgoing = describe_and_pickle(exc, serializer=Serializers().find("pickle"))
        assert outgoing.payload is not None
    assert download.body == b"the body"


def test_the_control_what_holds_a_stream_that_is_not_read_is_as_it_was() -> None:
    download = Download(io.BytesIO(b"the body"))
    download.body = b"read before"
    exc: Any = ValueError("refused")
    exc.response = download
    describe_and_pickle(exc, serializer=Serializers().find("pickle"))
    assert download.note == "as it was"
