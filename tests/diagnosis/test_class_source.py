"""What is learnt of a class is learnt without its help: where it tells nothing, or lies, nothing is
said and nothing fails."""

from __future__ import annotations

import functools
import operator
import sys
from types import FunctionType, ModuleType
from typing import Any

import error_zoo as zoo
import pytest
from diagnosis.trips import Register, place

from pytest_portable_errors.diagnosis import class_code, class_source, source_places
from pytest_portable_errors.diagnosis.pickle_machine import Pairs


def function_of(callable_: object) -> FunctionType:
    """What ``def`` has made, by its type: to mypy it is any Callable."""
    assert isinstance(callable_, FunctionType)
    return callable_


class Hostile(type):
    """A metaclass that answers nothing."""

    def __getattribute__(cls, name: str) -> Any:
        raise RuntimeError(name)


class HostileDefault:
    def __repr__(self) -> str:
        raise RuntimeError


class Mapped(Exception):
    """Has what a state may run into: a property that cannot be set, and one that can."""

    kind = "mapped"

    def __init__(self, code: int = 0) -> None:
        self._code = code

    @property
    def code(self) -> int:
        return self._code

    @property
    def free(self) -> int:
        return self._code

    @free.setter
    def free(self, value: int) -> None:
        self._code = value


class Shown(Mapped):
    """Its property has no function that could be shown."""

    told = property(operator.attrgetter("_code"))


class Outer:
    class Inner(Exception): ...


@function_of
def function(order_id: int, reason: object = HostileDefault(), *, code: int) -> None: ...


@function_of
def untold(self: object, reason: str) -> None: ...


untold.__signature__ = 5  # type: ignore[attr-defined]  # what a decorator may leave there


@function_of
def takes_more(self: object, name: str, *rest: object) -> None: ...


@function_of
def named_only(self: object, first: int, *, needed: int, given: int = 3) -> None: ...


@function_of
def reducer(exc: BaseException) -> Any:
    return type(exc), exc.args


def defined_in(file: str, **known: object) -> FunctionType:
    """A function that a file at that path would define."""
    exec(compile("def made(exc): ...", file, "exec"), known)
    found = known["made"]
    assert isinstance(found, FunctionType)
    return found


class TestSignatures:
    def test_a_function_that_tells_something_else_is_not_said_to_refuse_anything(self) -> None:
        assert class_source.signature(untold) is None
        assert class_source.fits(untold, ("too", "many", "for", "it"))
        assert class_source.parameters(untold) == "(...)"
        assert class_source.keyword_only(untold) == []
        assert class_source.named_arguments(untold, ("a",), repr) is None

    def test_a_call_fits_with_all_that_is_needed_and_no_more(self) -> None:
        assert [class_source.fits(takes_more, ("a",) * given) for given in range(3)] == [
            False,
            True,
            True,
        ]
        assert class_source.fits(named_only, ("a",)) is False
        assert class_source.keyword_only(named_only) == ["needed"]

    def test_arguments_have_the_names_that_they_reach_as_far_as_they_fit(self) -> None:
        constructor = class_source.own_constructor(zoo.PaymentError)
        assert constructor is not None
        assert (
            class_source.named_arguments(constructor, (7, "declined"), repr)
            == "order_id=7, reason='declined'"
        )
        assert class_source.named_arguments(constructor, (7,), repr) is None

    def test_further_arguments_have_no_names(self) -> None:
        assert class_source.named_arguments(takes_more, ("a", 1, 2), repr) == "name='a', 1, 2"

    def test_of_a_function_that_was_wrapped_it_is_the_wrapper_that_is_called(self) -> None:
        wrapper = function_of(functools.wraps(function)(takes_more))
        assert class_source.parameters(wrapper) == "(name, *rest)"

    def test_a_default_that_cannot_be_shown_leaves_the_names(self) -> None:
        assert class_source.parameters(function) == "(reason, code)"


class TestOwnConstructor:
    def test_is_a_new_where_no_init_is_written_in_python(self) -> None:
        class Made(Exception):
            def __new__(cls, code: int) -> Any:
                return super().__new__(cls, code)

        assert class_source.own_constructor(Made) is Made.__new__
        assert class_source.own_constructor(ValueError) is None

    def test_is_none_of_those_that_c_overrides(self) -> None:
        class Below(zoo.PaymentError):
            __init__ = Exception.__init__

        assert class_source.own_constructor(Below) is None


class TestReducerOf:
    def test_a_class_that_does_not_let_itself_be_looked_at_has_none(self) -> None:
        assert class_source.reducer_of(Hostile("Closed", (Exception,), {})) is None

    def test_is_told_with_where_it_stands(self) -> None:
        found = class_source.reducer_of(zoo.DropsState)
        assert found is not None
        assert (found.file, found.location) == (zoo.__file__, place(zoo.DropsState.__reduce__))

    @pytest.mark.parametrize(
        "registered",
        [reducer, functools.partial(reducer), functools.wraps(reducer)(lambda exc: reducer(exc))],
        ids=["function", "partial", "wrapped"],
    )
    def test_is_the_function_that_was_wrapped(self, registered: Any, register: Register) -> None:
        register(zoo.Portable, registered)
        found = class_source.reducer_of(zoo.Portable)
        assert found is not None
        assert (found.place, found.name, found.module, found.file) == (
            "copyreg",
            "reducer",
            __name__,
            __file__,
        )
        assert found.location == source_places.location(reducer)

    @pytest.mark.parametrize(
        ("registered", "name", "location"),
        [
            (BaseException.__reduce__, "BaseException.__reduce__", ""),
            (defined_in("made.py"), "made", "made.py:1"),
        ],
        ids=["c", "no module"],
    )
    def test_what_it_does_not_tell_is_left_open(
        self, registered: Any, name: str, location: str, register: Register
    ) -> None:
        register(zoo.Portable, registered)
        found = class_source.reducer_of(zoo.Portable)
        assert found is not None
        assert (found.name, found.module, found.location, found.beside_class) == (
            name,
            "",
            location,
            False,
        )

    def test_one_that_python_pickles_has_none(self) -> None:
        assert class_source.reducer_of(ValueError) is None

    def test_is_named_as_pickle_finds_it_whatever_the_function_calls_itself(self) -> None:
        class Renamed(Exception):
            __reduce__ = reducer

        found = class_source.reducer_of(Renamed)
        assert found is not None
        assert (found.name, found.title) == ("reducer", f"{Renamed.__qualname__}.__reduce__")

    def test_what_copyreg_has_is_named_by_its_function(self, register: Register) -> None:
        register(zoo.Portable, reducer)
        found = class_source.reducer_of(zoo.Portable)
        assert found is not None
        assert (found.owner, found.title) == ("", "reducer")


class TestOwnSetstate:
    def test_is_told_with_where_it_stands(self) -> None:
        setter = zoo.RestoresFieldsAlone.__setstate__
        assert class_code.own_setstate(zoo.RestoresFieldsAlone) == (
            "RestoresFieldsAlone.__setstate__",
            place(setter),
        )

    def test_is_named_by_the_base_that_has_it(self) -> None:
        class Below(zoo.RestoresFieldsAlone):
            pass

        assert class_code.own_setstate(Below) == class_code.own_setstate(zoo.RestoresFieldsAlone)

    def test_one_that_is_no_function_has_no_place(self) -> None:
        class Partial(Exception):
            __setstate__ = functools.partialmethod(operator.setitem)

        assert class_code.own_setstate(Partial) == (f"{Partial.__qualname__}.__setstate__", "")

    def test_is_none_where_python_s_own_restores(self) -> None:
        assert class_code.own_setstate(zoo.Portable) is None


class TestSetsArgs:
    def test_a_constructor_that_assigns_them_does(self) -> None:
        @function_of
        def assigns(self: Any, code: int) -> None:
            self.code = code
            self.args = (code,)

        assert class_code.sets_args(assigns)

    def test_one_that_hands_them_on_or_only_reads_them_does_not(self) -> None:
        @function_of
        def reads(self: Any, code: int) -> None:
            self.shown = self.args
            args = (code,)
            self.code = args

        assert not class_code.sets_args(reads)
        assert not class_code.sets_args(function_of(zoo.PaymentError.__init__))


class TestPublicNames:
    def test_a_class_is_found_under_names_that_it_does_not_know(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = type("Made", (Exception,), {"__module__": "no_such_module"})
        assert class_source.public_names(made) == []
        monkeypatch.setattr(zoo, "Public", made, raising=False)
        assert class_source.public_names(made) == [("error_zoo", "Public")]

    def test_the_likeliest_comes_first(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without an underscore, then at the top of a package, then the shortest."""
        made = type("Made", (Exception,), {})
        expected = [
            ("shop", "Refused"),
            ("shopping", "Refused"),
            ("shop.api", "Refused"),
            ("_s", "Refused"),
            ("shop", "_Refused"),
            ("s._errors", "Refused"),
        ]
        for module_name, name in reversed(expected):
            module = sys.modules.get(module_name) or ModuleType(module_name)
            monkeypatch.setitem(sys.modules, module_name, module)
            monkeypatch.setattr(module, name, made, raising=False)
        assert class_source.public_names(made) == expected

    def test_a_module_that_answers_nothing_and_a_name_that_is_none_are_passed_over(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = type("Made", (Exception,), {})

        class Lazy(ModuleType):
            def __getattribute__(self, name: str) -> Any:
                raise RuntimeError(name)

        lazy: Any = ModuleType("lazy")
        vars(lazy)[5] = made
        vars(lazy)["Told"] = made
        lazy.__class__ = Lazy
        monkeypatch.setitem(sys.modules, "lazy", lazy)
        monkeypatch.setitem(sys.modules, "nothing", None)  # what importing it forbids
        assert class_source.public_names(made) == [("lazy", "Told")]


class TestSetterAtFault:
    def test_is_the_property_without_setter_whatever_stands_before_it(self) -> None:
        state = Pairs([("plain", 1), ("kind", 0), ("free", 2), (3, 4), ([1], 0), ("code", 5)])
        told = class_code.setter_at_fault(Mapped, state)
        assert told is not None
        assert told.startswith("Mapped.code is a property without setter    ")

    def test_a_property_whose_getter_is_no_function_has_no_place(self) -> None:
        assert (
            class_code.setter_at_fault(Shown, Pairs([("told", 1)]))
            == "Shown.told is a property without setter"
        )

    @pytest.mark.parametrize(
        "state",
        [Pairs([("plain", 1), ("free", 2), (3, 4)]), None, (1, 2)],
        ids=["dict", "none", "tuple"],
    )
    def test_is_nobody_where_all_can_be_set(self, state: object) -> None:
        assert class_code.setter_at_fault(Mapped, state) is None
