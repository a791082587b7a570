"""Calls of an exception class's constructor that are worth trying, the best first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from inspect import Parameter, Signature
from types import FunctionType
from typing import Any

from pytest_portable_errors.building.annotations import by_annotation
from pytest_portable_errors.building.hints import UNKNOWN, hints_of
from pytest_portable_errors.building.values import (
    LADDER,
    ConstructorParameter,
    Remade,
    Values,
    best,
    others,
)
from pytest_portable_errors.diagnosis.class_source import own_constructor, signature

WAYS = ("required", "by position", "by keyword")
"""The ways to call a constructor written in Python."""

_PYTHON_FIELDS = ("name", "obj")  # of NameError and AttributeError
_LEFT_OUT = object()  # stands for the value of a parameter that a call does not pass


@dataclass(slots=True, kw_only=True)
class ConstructorCall:
    """A call of a constructor: its arguments, which a repair changes in place."""

    positional: list[tuple[str, object]]
    """(name of the parameter, value) for each."""
    keyword: dict[str, object]
    takes_more_positional: bool = False
    """Whether the constructor has ``*args``."""
    takes_more_keyword: bool = False
    """Whether the constructor has ``**kwargs``."""
    last_given: tuple[object, str] | None = None
    """(value, name of the attribute that a repair gave to it last); None if none was given."""
    adds_optional: bool = False
    """Whether optional arguments are passed although only the required ones were asked for."""


def ways(
    cls: type[BaseException], values: Values
) -> Iterator[tuple[str, Iterator[ConstructorCall]]]:
    """The ways to call a class's constructor, each with the calls to try, the best first.

    The ways are ``required`` (its required arguments only), ``by position`` and ``by keyword``
    (all arguments). A constructor of C, which takes whatever it is given, has only the first.

    Args:
        cls: The class.
        values: Values to use before any that is made up.
    """
    parameters = _parameters_of(cls)
    if parameters is None:
        yield "required", _calls_of_c(cls)
        return
    for how in WAYS:
        yield how, parameters.calls(how, values)


def _calls_of_c(cls: type[BaseException]) -> Iterator[ConstructorCall]:
    for base, arguments in _OF_C:
        if issubclass(cls, base):
            yield ConstructorCall(
                positional=[("argument", value) for value in arguments()], keyword={}
            )
    if _is_group(cls):
        yield ConstructorCall(
            positional=[
                ("message", "message-text"),
                ("exceptions", by_annotation("exceptions", list[Exception], 0)),
            ],
            keyword={},
        )
    for count in (1, 0, 2, 3, 4, 5):
        names = [
            ("message" if number == 1 else f"argument-{number}") for number in range(1, count + 1)
        ]
        # Constructors of Cython and mypyc say which argument they lack.
        yield ConstructorCall(
            positional=[(name, f"{name}-text") for name in names],
            keyword={},
            takes_more_keyword=True,
        )


_OF_C: tuple[tuple[type, Callable[[], tuple[object, ...]]], ...] = (
    (UnicodeDecodeError, lambda: ("utf-8", b"object-bytes-\xff", 13, 14, "reason-text")),
    (UnicodeEncodeError, lambda: ("ascii", "object-text-\xe9", 12, 13, "reason-text")),
    (UnicodeTranslateError, lambda: ("object-text", 7, 8, "reason-text")),
)


def _is_group(cls: type) -> bool:
    """Whether it is a group of Python's, or of package ``exceptiongroup`` on Python 3.10."""
    return any(base.__name__ == "BaseExceptionGroup" for base in cls.__mro__)


def _parameters_of(cls: type[BaseException]) -> _Parameters | None:
    """The parameters of a class's constructor; None if C makes the instances.

    Of a constructor that takes anything, they are those of the function to which it most likely
    passes its arguments on.
    """
    constructor = own_constructor(cls)
    if constructor is None:
        return None
    own = _Parameters.of(constructor, constructor, cls)
    if not own.named and own.takes_more_positional and own.takes_more_keyword:
        for function in (
            getattr(constructor, "__wrapped__", None),
            *_functions(cls, "__init__"),
            *_functions(cls, "__new__"),
        ):
            if (
                function is not None
                and (passed_on := _Parameters.of(function, constructor, cls)).named
            ):
                return passed_on
    return own


def _functions(cls: type, name: str) -> Iterator[FunctionType]:
    for owner in cls.__mro__:
        method = vars(owner).get(name)
        method = getattr(method, "__func__", method)  # __new__ is a staticmethod
        if isinstance(method, FunctionType):
            yield method


@dataclass(slots=True, kw_only=True)
class _Parameters:
    """The parameters with which a constructor can be called."""

    named: list[Parameter]
    """All but ``*args`` and ``**kwargs``."""
    takes_more_positional: bool
    takes_more_keyword: bool
    by_name: dict[str, ConstructorParameter] = field(default_factory=dict)
    """Name -> what a value for it is made from, for each of ``named``."""

    @staticmethod
    def of(function: Any, constructor: FunctionType, cls: type[BaseException]) -> _Parameters:
        """The parameters that ``function`` names.

        Whether more can be passed depends on ``constructor``, which is what is called.
        """
        names = signature(function) or Signature(
            [Parameter("self", Parameter.POSITIONAL_ONLY), *_ANYTHING]
        )
        kinds = {
            p.kind for p in (signature(constructor) or Signature(_ANYTHING)).parameters.values()
        }
        hints = hints_of(function)
        named = [
            p
            for p in list(names.parameters.values())[1:]
            if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        ]
        # Python itself drops these fields of its own on the way.
        if issubclass(cls, (NameError, AttributeError)):
            named = [p for p in named if p.name not in _PYTHON_FIELDS or p.default is p.empty]
        parameters = _Parameters(
            named=named,
            takes_more_positional=Parameter.VAR_POSITIONAL in kinds,
            takes_more_keyword=Parameter.VAR_KEYWORD in kinds,
        )
        for number, p in enumerate(named):
            hint = hints.get(p.name, UNKNOWN)
            if hint is UNKNOWN and number == 1 and _is_group(cls):
                hint = list[Exception]  # BaseExceptionGroup.__new__ has them second
            parameters.by_name[p.name] = ConstructorParameter(
                name=p.name, hint=hint, default=p.default, number=number, owner=cls
            )
        return parameters

    def calls(self, how: str, values: Values) -> Iterator[ConstructorCall]:
        """The calls to try in one way (see ``ways``).

        First the best value for each parameter; then one kind of value for all parameters of which
        nothing is known; then other values for one parameter after the other.
        """
        optional = [p.name for p in self.named if p.default is not p.empty]
        left_out = dict.fromkeys(optional, _LEFT_OUT) if how == "required" else {}
        best_of = {
            name: Remade(partial(best, parameter, values))
            for name, parameter in self.by_name.items()
        }

        def call(changed: dict[str, object]) -> ConstructorCall:
            chosen = {**left_out, **changed}
            return self._call(
                {
                    name: chosen[name] if name in chosen else best_value()
                    for name, best_value in best_of.items()
                },
                how != "by keyword",
            )

        guessed = [
            parameter
            for name, parameter in self.by_name.items()
            if name not in left_out and name not in values
        ]
        unknown = [p for p in guessed if by_annotation(p.name, p.hint, p.number) is UNKNOWN]
        yield call({})
        if self.takes_more_positional:
            yield ConstructorCall(
                positional=[],
                keyword={},
                takes_more_positional=True,
                takes_more_keyword=self.takes_more_keyword,
            )
        for factory in LADDER[:4] if unknown else ():
            yield call({p.name: factory(p.name, p.number) for p in unknown})
        for parameter in guessed:
            for make in others(parameter):
                yield call({parameter.name: make()})
        if how == "required":  # a constructor may need a parameter that its signature has optional
            for names in (*([name] for name in optional), optional):
                longer = call({name: best_of[name]() for name in names})
                longer.adds_optional = True
                yield longer
        else:  # two parameters may exclude each other
            for name in optional:
                yield call({name: _LEFT_OUT})
        for factory in LADDER:
            yield call({p.name: factory(p.name, p.number) for p in guessed})

    def _call(self, values: dict[str, object], positional: bool) -> ConstructorCall:
        """The call that passes these values, as many by position as ``positional`` allows."""
        in_order, by_keyword = [], {}
        is_contiguous = True
        for p in self.named:
            if values[p.name] is _LEFT_OUT:
                is_contiguous = False
            elif p.kind is p.POSITIONAL_ONLY or (
                positional and p.kind is p.POSITIONAL_OR_KEYWORD and is_contiguous
            ):
                in_order.append((p.name, values[p.name]))
            else:
                by_keyword[p.name] = values[p.name]
        if self.takes_more_positional and all(
            p.kind is p.KEYWORD_ONLY and p.default is not p.empty for p in self.named
        ):
            in_order.append(("message", "message-text"))
        return ConstructorCall(
            positional=in_order,
            keyword=by_keyword,
            takes_more_positional=self.takes_more_positional,
            takes_more_keyword=self.takes_more_keyword,
        )


_ANYTHING = (
    Parameter("args", Parameter.VAR_POSITIONAL),
    Parameter("kwargs", Parameter.VAR_KEYWORD),
)
