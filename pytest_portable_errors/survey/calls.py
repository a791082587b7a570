"""Calls of an exception class's constructor that are worth trying, best first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from inspect import Parameter, Signature
from types import FunctionType
from typing import Any

from pytest_portable_errors.diagnosis.class_source import own_constructor, signature
from pytest_portable_errors.survey.annotations import by_annotation
from pytest_portable_errors.survey.hints import UNKNOWN, hints_of
from pytest_portable_errors.survey.values import LADDER, Values, Wanted, best, others

_PYTHONS_OWN = ("name", "obj")
_LEFT_OUT = object()


@dataclass(slots=True, kw_only=True)
class Call:
    """Arguments, which a repair changes in place."""

    positional: list[tuple[str, object]]
    """Each with the name of its parameter."""
    keyword: dict[str, object]
    takes_more_positional: bool = False
    """Whether there is an ``*args``."""
    takes_more_keyword: bool = False
    """Whether there is a ``**kwargs``."""
    last_given: tuple[object, str] | None = None
    """The value to which a repair gave an attribute last, and the attribute's name."""
    adds_optional: bool = False
    """Whether it is more than what the signature requires, where just that is asked for."""


def ways(cls: type[BaseException], values: Values) -> Iterator[tuple[str, Iterator[Call]]]:
    """From its required arguments, from all by position, and from all by keyword: each with the
    calls to try.

    For a class whose constructor is C's, which takes whatever it is given, only the first.
    """
    found = _found_parameters(cls)
    if found is None:
        yield "required", _calls_of_c(cls)
        return
    for how in ("required", "by position", "by keyword"):
        yield how, found.calls(how, values)


def _calls_of_c(cls: type[BaseException]) -> Iterator[Call]:
    for base, arguments in _OF_C:
        if issubclass(cls, base):
            yield Call(positional=[("argument", value) for value in arguments()], keyword={})
    if _is_group(cls):
        yield Call(
            positional=[
                ("message", "message-text"),
                ("exceptions", by_annotation("exceptions", list[Exception], 0)),
            ],
            keyword={},
        )
    for count in (1, 0, 2, 3, 4, 5):
        named = [
            ("message" if number == 1 else f"argument-{number}") for number in range(1, count + 1)
        ]
        # Those of Cython and mypyc say what they miss.
        yield Call(
            positional=[(name, f"{name}-text") for name in named],
            keyword={},
            takes_more_keyword=True,
        )


_OF_C: tuple[tuple[type, Callable[[], tuple[object, ...]]], ...] = (
    (UnicodeDecodeError, lambda: ("utf-8", b"object-bytes-\xff", 13, 14, "reason-text")),
    (UnicodeEncodeError, lambda: ("ascii", "object-text-\xe9", 12, 13, "reason-text")),
    (UnicodeTranslateError, lambda: ("object-text", 7, 8, "reason-text")),
)


def _is_group(cls: type) -> bool:
    """Of Python's, or of the ``exceptiongroup`` package's on Python 3.10."""
    return any(base.__name__ == "BaseExceptionGroup" for base in cls.__mro__)


def _found_parameters(cls: type[BaseException]) -> _Parameters | None:
    """Those of the constructor; where it takes anything, those of what it most likely passes that
    on to. None if C makes the instances."""
    constructor = own_constructor(cls)
    if constructor is None:
        return None
    first = _Parameters.of(constructor, constructor, cls)
    if not first.named and first.takes_more_positional and first.takes_more_keyword:
        for function in (
            getattr(constructor, "__wrapped__", None),
            *_functions(cls, "__init__"),
            *_functions(cls, "__new__"),
        ):
            if (
                function is not None
                and (further := _Parameters.of(function, constructor, cls)).named
            ):
                return further
    return first


def _functions(cls: type, name: str) -> Iterator[FunctionType]:
    for owner in cls.__mro__:
        method = vars(owner).get(name)
        method = getattr(method, "__func__", method)  # __new__ is a staticmethod
        if isinstance(method, FunctionType):
            yield method


@dataclass(slots=True, kw_only=True)
class _Parameters:
    """What a constructor can be called with."""

    named: list[Parameter]
    takes_more_positional: bool
    takes_more_keyword: bool
    wanted: dict[str, Wanted] = field(default_factory=dict)

    @staticmethod
    def of(function: Any, constructor: FunctionType, cls: type[BaseException]) -> _Parameters:
        """``function`` tells the names; what else can be given is up to ``constructor``, which is
        called."""
        told = signature(function) or Signature(
            [Parameter("self", Parameter.POSITIONAL_ONLY), *_ANYTHING]
        )
        kinds = {
            p.kind for p in (signature(constructor) or Signature(_ANYTHING)).parameters.values()
        }
        hints = hints_of(function)
        named = [
            p
            for p in list(told.parameters.values())[1:]
            if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        ]
        # Python's own fields, which Python itself drops on the way
        if issubclass(cls, (NameError, AttributeError)):
            named = [p for p in named if p.name not in _PYTHONS_OWN or p.default is p.empty]
        found = _Parameters(
            named=named,
            takes_more_positional=Parameter.VAR_POSITIONAL in kinds,
            takes_more_keyword=Parameter.VAR_KEYWORD in kinds,
        )
        for number, p in enumerate(named):
            hint = hints.get(p.name, UNKNOWN)
            if hint is UNKNOWN and number == 1 and _is_group(cls):
                hint = list[Exception]  # BaseExceptionGroup.__new__ has them second
            found.wanted[p.name] = Wanted(
                name=p.name, hint=hint, default=p.default, number=number, owner=cls
            )
        return found

    def calls(self, how: str, values: Values) -> Iterator[Call]:
        """The best guess, then one kind of value for all that nothing is known of, then one
        parameter after the other otherwise."""
        optional = [p.name for p in self.named if p.default is not p.empty]
        left_out = dict.fromkeys(optional, _LEFT_OUT) if how == "required" else {}

        def call(changed: dict[str, object]) -> Call:
            chosen = {**left_out, **changed}
            return self._call(
                {n: chosen[n] if n in chosen else best(w, values) for n, w in self.wanted.items()},
                how != "by keyword",
            )

        unknown = [
            w for w in self.wanted.values() if w.name not in left_out and w.name not in values
        ]
        untold = [w for w in unknown if by_annotation(w.name, w.hint, w.number) is UNKNOWN]
        yield call({})
        if self.takes_more_positional:
            yield Call(
                positional=[],
                keyword={},
                takes_more_positional=True,
                takes_more_keyword=self.takes_more_keyword,
            )
        for rung in LADDER[:4] if untold else ():
            yield call({w.name: rung(w.name, w.number) for w in untold})
        for w in unknown:
            for make in others(w):
                yield call({w.name: make()})
        if how == "required":  # it says that they are optional, and needs one
            for names in (*([name] for name in optional), optional):
                more = call({name: best(self.wanted[name], values) for name in names})
                more.adds_optional = True
                yield more
        else:  # two may exclude each other
            for name in optional:
                yield call({name: _LEFT_OUT})
        for rung in LADDER:
            yield call({w.name: rung(w.name, w.number) for w in unknown})

    def _call(self, value: dict[str, object], positional: bool) -> Call:
        in_order, by_keyword = [], {}
        is_contiguous = True
        for p in self.named:
            if value[p.name] is _LEFT_OUT:
                is_contiguous = False
            elif p.kind is p.POSITIONAL_ONLY or (
                positional and p.kind is p.POSITIONAL_OR_KEYWORD and is_contiguous
            ):
                in_order.append((p.name, value[p.name]))
            else:
                by_keyword[p.name] = value[p.name]
        if self.takes_more_positional and all(
            p.kind is p.KEYWORD_ONLY and p.default is not p.empty for p in self.named
        ):
            in_order.append(("message", "message-text"))
        return Call(
            positional=in_order,
            keyword=by_keyword,
            takes_more_positional=self.takes_more_positional,
            takes_more_keyword=self.takes_more_keyword,
        )


_ANYTHING = (
    Parameter("args", Parameter.VAR_POSITIONAL),
    Parameter("kwargs", Parameter.VAR_KEYWORD),
)
