"""The value that cannot be pickled is named by its path, or nothing is."""

from __future__ import annotations

import collections
import pickle
import sys
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any

import dill
import error_zoo as zoo
import pytest

from pytest_portable_errors.diagnosis.facts import Unpicklable
from pytest_portable_errors.sender.fix_code import FIX
from pytest_portable_errors.sender.outgoing import Outgoing, describe_and_pickle
from pytest_portable_errors.sender.registry import Serializers
from pytest_portable_errors.sender.serializers import Pickle, WithReducers

LOCK = threading.Lock()
SERIALIZERS = ("pickle", "pickle:0", "pickle:2", "cloudpickle", "dill")
needs_groups = pytest.mark.skipif(sys.version_info < (3, 11), reason="ExceptionGroup is 3.11")


def departure_of(exc: BaseException, serializer: str) -> Outgoing:
    return describe_and_pickle(exc, serializer=Serializers().find(serializer))


def found(exc: BaseException, serializer: str = "pickle") -> tuple[str, str] | None:
    """Path and type of the value that is blamed."""
    outgoing = departure_of(exc, serializer)
    assert outgoing.error is not None, "the control: it cannot be pickled"
    blamed = outgoing.unpicklable
    return None if blamed is None else (blamed.path, blamed.type)


def numbers() -> Iterator[int]:
    yield 1


def unpicklable(serializer: str) -> tuple[Any, str]:
    """A value that this serializer cannot pickle, and its type. dill pickles locks."""
    return (numbers(), "builtins.generator") if serializer == "dill" else (LOCK, "_thread.lock")


def with_attributes(exc: Exception, **attributes: object) -> Exception:
    exc.__dict__.update(attributes)
    return exc


def with_own_slot(value: object) -> BaseException:
    exc = ReducesSlot("m")
    exc.held = value
    return exc


class ReducesSlot(Exception):
    __slots__ = ("held",)
    held: object

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.args, (None, {"held": self.held})


class ReducesToAttribute(Exception):
    """Its arguments are attributes, which are what a reader knows."""

    def __init__(self, client: object) -> None:
        super().__init__("m")
        self.client = client

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.client,)


SUBJECTS: dict[str, tuple[Callable[[Any], BaseException], str]] = {
    "an attribute": (lambda value: with_attributes(ValueError("m"), client=value), "exc.client"),
    "an argument": (lambda value: ValueError("m", value), "exc.args[1]"),
    "a dict in a list": (
        lambda value: with_attributes(ValueError("m"), client=[0, {"pool": value}]),
        "exc.client[1]['pool']",
    ),
    "a list in a dict in an argument": (
        lambda value: ValueError({"pool": [0, value]}),
        "exc.args[0]['pool'][1]",
    ),
    "a tuple in a tuple": (lambda value: ValueError((0, (1, value))), "exc.args[0][1][1]"),
    "a deque": (
        lambda value: with_attributes(ValueError("m"), queue=collections.deque([0, value])),
        "exc.queue[1]",
    ),
    "an ordered dict": (
        lambda value: with_attributes(ValueError("m"), client=collections.OrderedDict(pool=value)),
        "exc.client['pool']",
    ),
    "a default dict": (
        lambda value: with_attributes(
            ValueError("m"), client=collections.defaultdict(list, pool=value)
        ),
        "exc.client['pool']",
    ),
    "a note": (
        lambda value: with_attributes(ValueError("m"), __notes__=["a note", value]),
        "exc.__notes__[1]",
    ),
    "an object's attributes": (
        lambda value: with_attributes(
            ValueError("m"), client=types.SimpleNamespace(pool=types.SimpleNamespace(lock=value))
        ),
        "exc.client.pool.lock",
    ),
    "a slot of its own": (with_own_slot, "exc.held"),
    "what a reducer gives for arguments": (ReducesToAttribute, "exc.client"),
    "a cause that the state carries": (
        lambda value: zoo.chained(
            zoo.CarriesChain("a"), cause=with_attributes(KeyError("b"), client=value)
        ),
        "exc.__cause__.client",
    ),
    "what is there twice, where it is met first": (
        lambda value: with_attributes(ValueError("m", [value]), client=[value]),
        "exc.args[1][0]",
    ),
}


class TestPath:
    @pytest.mark.parametrize("serializer", SERIALIZERS)
    @pytest.mark.parametrize(("make", "path"), SUBJECTS.values(), ids=SUBJECTS)
    def test_leads_to_the_value(
        self, make: Callable[[Any], BaseException], path: str, serializer: str
    ) -> None:
        value, kind = unpicklable(serializer)
        assert found(make(value), serializer) == (path, kind)

    @needs_groups
    @pytest.mark.parametrize("serializer", SERIALIZERS)
    def test_leads_into_the_member_of_a_group(self, serializer: str) -> None:
        value, kind = unpicklable(serializer)
        group = ExceptionGroup(  # noqa: F821  # a built-in since 3.11
            "several", [KeyError("a"), with_attributes(ValueError("m"), client=value)]
        )
        assert found(group, serializer) == ("exc.exceptions[1].client", kind)
        nested = ExceptionGroup("outer", [group])  # noqa: F821  # a built-in since 3.11
        assert found(nested, serializer) == ("exc.exceptions[0].exceptions[1].client", kind)

    @pytest.mark.parametrize("serializer", [name for name in SERIALIZERS if name != "pickle:0"])
    def test_leads_into_the_slots_of_an_object(self, serializer: str) -> None:
        value, kind = unpicklable(serializer)
        assert found(with_attributes(ValueError("m"), client=zoo.Holder(value)), serializer) == (
            "exc.client.held",
            kind,
        )
        assert found(
            with_attributes(ValueError("m"), client=zoo.Holder(pool=zoo.Holder(value))), serializer
        ) == (
            "exc.client.pool.held",
            kind,
        )

    def test_ends_at_an_object_whose_slots_protocol_0_does_not_know(self) -> None:
        assert found(with_attributes(ValueError("m"), client=zoo.Holder(1)), "pickle:0") == (
            "exc.client",
            "error_zoo.Holder",
        )

    def test_ends_at_a_frame_for_dill(self) -> None:
        frame = sys._getframe()
        assert found(with_attributes(ValueError("m"), frame=[frame]), "dill") == (
            "exc.frame[0]",
            "builtins.frame",
        )

    def test_leads_into_the_globals_of_a_lambda_that_cloudpickle_sends_by_value(self) -> None:
        exc = with_attributes(ValueError("m"), callback=lambda: LOCK)
        assert found(exc, "cloudpickle") == ("exc.callback.__globals__['LOCK']", "_thread.lock")

    def test_leads_into_the_closure_of_a_lambda_that_cloudpickle_sends_by_value(self) -> None:
        lock = threading.Lock()
        blamed = found(with_attributes(ValueError("m"), callback=lambda: lock), "cloudpickle")
        assert blamed is not None
        assert blamed[0].startswith("exc.callback.__closure__[0]")

    def test_leads_into_the_class_that_cloudpickle_sends_by_value(self) -> None:
        class Local(Exception):
            shared = LOCK

        blamed = found(Local("m"), "cloudpickle")
        assert blamed is not None
        assert blamed[1] == "_thread.lock"
        assert "shared" in blamed[0]

    @pytest.mark.parametrize("serializer", ["pickle", "pickle:0", "pickle:2"])
    def test_ends_at_a_function_that_pickle_cannot_name(self, serializer: str) -> None:
        assert found(with_attributes(ValueError("m"), callback=LAMBDA), serializer) == (
            "exc.callback",
            "builtins.function",
        )

    @pytest.mark.parametrize("serializer", ["pickle", "pickle:0", "pickle:2"])
    def test_ends_at_a_local_function(self, serializer: str) -> None:
        local = with_attributes(ValueError("m"), callback=lambda: None)
        assert found(local, serializer) == ("exc.callback", "builtins.function")

    def test_is_told_in_one_line(self) -> None:
        assert (
            str(departure_of(zoo.HoldsLock("m"), "pickle").unpicklable)
            == "exc.client['pool'][0] (_thread.lock)"
        )

    def test_is_found_by_the_reducers_that_a_fix_is_tried_with(self) -> None:
        pickler = Serializers().find("pickle")
        # a Pickle
        tried = WithReducers(
            of=pickler,  # type: ignore[arg-type]
            reducers={zoo.HoldsLock: lambda exc: (zoo.HoldsLock, (exc.client,))},
        )
        assert describe_and_pickle(zoo.HoldsLock("m"), serializer=tried).unpicklable == Unpicklable(
            path="exc.client['pool'][0]", type="_thread.lock"
        )

    def test_leads_to_an_argument_of_a_cause_that_a_fix_sends_by_a_link(self) -> None:
        """As fixes that keep the chain do: grpc's errors hold a condition as their argument."""
        exc = ValueError("m")
        exc.__cause__ = OSError([threading.Lock()])
        scope: dict[str, Any] = {"__name__": FIX}
        exec(LINK, scope)
        tried = WithReducers(
            of=Pickle(),
            reducers={ValueError: scope["reduced"]},
        )
        assert describe_and_pickle(exc, serializer=tried).unpicklable == Unpicklable(
            path="exc.__cause__.args[0][0]", type="_thread.lock"
        )


LINK = """
class Link:
    def __init__(self, held):
        self.held = held
    def __reduce__(self):
        return reduced(self.held)

def reduced(exc):
    state = {} if exc.__cause__ is None else {"__cause__": Link(exc.__cause__)}
    return type(exc), exc.args, state
"""
LAMBDA = lambda: None  # noqa: E731  # what pickle finds no name for


class TestNothingIsBlamed:
    @pytest.mark.parametrize("serializer", ["pickle", "pickle:0", "pickle:2"])
    def test_where_the_class_itself_cannot_be_named(self, serializer: str) -> None:
        class Local(Exception):
            pass

        assert found(Local("m"), serializer) is None

    @pytest.mark.parametrize("serializer", ["pickle", "pickle:0", "pickle:2"])
    def test_where_the_module_holds_another_class_under_that_name(
        self, serializer: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        exc = zoo.Portable("m")
        monkeypatch.setattr(zoo, "Portable", zoo.Narrow)
        assert found(exc, serializer) is None

    @pytest.mark.parametrize("serializer", SERIALIZERS)
    @pytest.mark.parametrize(
        "exc",
        [zoo.ReduceExits("m"), zoo.ReducesToNonsense("m")],
        ids=lambda exc: type(exc).__name__,
    )
    def test_where_the_exceptions_own_reducer_fails(
        self, exc: BaseException, serializer: str
    ) -> None:
        assert found(exc, serializer) is None

    @pytest.mark.parametrize("serializer", SERIALIZERS)
    def test_where_a_second_run_fails_otherwise(
        self, serializer: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(zoo.ReduceFailsTwice, "calls", 0)
        inner = with_attributes(ValueError("m"), inner=zoo.ReduceFailsTwice())
        assert found(inner, serializer) is None
        assert zoo.ReduceFailsTwice.calls == 2, "the control: there were two runs"

    @pytest.mark.parametrize("serializer", SERIALIZERS)
    def test_where_a_second_run_does_not_fail(self, serializer: str) -> None:
        errors = iter([TypeError("first")])

        class FailsOnce(Exception):
            def __reduce__(self) -> tuple[Any, ...]:
                for error in errors:
                    raise error
                return ValueError, ("m",)

        assert found(FailsOnce("m"), serializer) is None

    @pytest.mark.parametrize("serializer", SERIALIZERS)
    def test_where_all_can_be_pickled(self, serializer: str) -> None:
        outgoing = departure_of(zoo.Portable("m"), serializer)
        assert outgoing.payload is not None
        assert outgoing.unpicklable is None


@pytest.mark.parametrize("serializer", SERIALIZERS)
@pytest.mark.parametrize("depth", [0, 1], ids=["the exception's", "a value's"])
def test_a_keyboard_interrupt_in_a_reducer_passes_through(serializer: str, depth: int) -> None:
    exc: Exception = zoo.ReduceInterrupts()
    with pytest.raises(KeyboardInterrupt):
        departure_of(exc if depth == 0 else ValueError(exc), serializer)


def test_a_keyboard_interrupt_in_the_second_run_passes_through() -> None:
    errors: Iterator[BaseException] = iter([TypeError("first"), KeyboardInterrupt()])

    class Interrupted(Exception):
        def __reduce__(self) -> tuple[Any, ...]:
            raise next(errors)

    with pytest.raises(KeyboardInterrupt):
        departure_of(Interrupted("m"), "pickle")


class TestBesideDill:
    """Importing dill teaches pickle's pickler in Python to pickle locks, lambdas and modules; the
    one written in C does not learn it."""

    def test_the_control_dill_has_changed_the_pickler(self) -> None:
        assert dill.__name__ in pickle._Pickler.dispatch[type(LOCK)].__module__
        assert type(sys) in pickle._Pickler.dispatch

    @pytest.mark.parametrize("serializer", ["pickle", "pickle:0", "pickle:2", "cloudpickle"])
    def test_the_path_of_a_lock_is_found(self, serializer: str) -> None:
        assert found(zoo.HoldsLock("m"), serializer) == ("exc.client['pool'][0]", "_thread.lock")

    @pytest.mark.parametrize("serializer", ["pickle", "pickle:2"])
    def test_the_path_of_a_module_is_found(self, serializer: str) -> None:
        assert found(with_attributes(ValueError("m"), library=[sys]), serializer) == (
            "exc.library[0]",
            "builtins.module",
        )

    def test_the_path_of_a_lambda_is_found(self) -> None:
        assert found(with_attributes(ValueError("m"), callback=[LAMBDA])) == (
            "exc.callback[0]",
            "builtins.function",
        )


def test_nothing_is_to_blame_where_data_is_nested_too_deep() -> None:
    deep: list[object] = []
    for _ in range(100_000):  # Python 3.14 pickles 20,000 levels
        deep = [deep]
    outgoing = departure_of(ValueError(deep), "pickle")
    assert outgoing.error is not None
    assert outgoing.error["type"] == "builtins.RecursionError"
    assert outgoing.unpicklable is None
