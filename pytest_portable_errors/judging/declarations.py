"""What a project declares about its exception classes, by settings and by hooks of its conftest."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.receiver.fields import type_name

Factory = Callable[[type[BaseException]], "BaseException | Sequence[BaseException]"]
"""Makes one instance, or several, of the class that it is called with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What is declared of a class and its subclasses."""

    cls: str
    """Dotted name."""
    arrives_as: str | None = None
    """Dotted name of the class that they are meant to arrive as; None: as what they are."""
    without: tuple[str, ...] = ()
    """Names of the attributes that may be lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declarations:
    """Declarations by class: they cover subclasses, and the closest base in the MRO wins."""

    expect: Mapping[str, str]
    """Dotted name of a class -> dotted name of the class that it is declared to arrive as."""
    without: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Dotted name of a class -> names of the attributes that its exceptions may lose."""
    ignore: tuple[str, ...] = ()
    """Patterns of ``fnmatch`` for dotted names of classes that are not checked; ``*`` matches any
    text. They do not cover subclasses."""
    instances: Mapping[str, Factory]
    """Dotted name of a class -> the factory of its instances."""

    def arrives_as(self, cls: type[BaseException]) -> str | None:
        """Dotted name of the class that an instance is declared to arrive as; None if its own."""
        return next((self.expect[name] for name in _mro_names(cls) if name in self.expect), None)

    def expected_of(self, cls: type[BaseException]) -> list[str]:
        """Names of the class and its bases of which anything is declared, in MRO order."""
        declared = {*self.expect, *self.without}
        return [name for name in _mro_names(cls) if name in declared] if declared else []

    def may_lose(self, cls: type[BaseException]) -> tuple[str, ...]:
        """Names of the attributes that an instance may lose, of the class and of its bases."""
        names = _mro_names(cls) if self.without else []
        return tuple(dict.fromkeys(n for name in names for n in self.without.get(name, ())))

    def ignores(self, cls: type[BaseException]) -> bool:
        """Whether the instances of this class are not to be checked."""
        name = type_name(cls)
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.ignore)

    def factory(self, cls: type[BaseException]) -> Factory | None:
        """The declared factory of instances; None if none is declared."""
        names = _mro_names(cls)
        return next((self.instances[name] for name in names if name in self.instances), None)


def declarations(
    *,
    expect: Sequence[Expected],
    ignore: Sequence[str],
    expect_hooks: Iterable[object],
    instances_hooks: Iterable[object],
) -> Declarations:
    """Merge the settings and the results of the hooks.

    A setting goes before a hook, and an earlier hook before a later one.

    Args:
        expect: ``portable_errors_expect``.
        ignore: ``portable_errors_ignore``: dotted names or patterns.
        expect_hooks: What each ``pytest_portable_errors_expect`` returned.
        instances_hooks: What each ``pytest_portable_errors_instances`` returned.

    Raises:
        PortableErrorsError: A hook returned no mapping, a key or target is no class, or a value of
            ``instances_hooks`` cannot be called.
    """
    expected: dict[str, str] = {}
    for name, target in _entries(
        expect_hooks, hook="pytest_portable_errors_expect", example="{StepFailed: RuntimeError}"
    ):
        becomes = _class_name(target, hook="pytest_portable_errors_expect")
        if becomes == name:
            raise PortableErrorsError(
                f"pytest_portable_errors_expect: {name} -> {becomes} would allow every loss, later "
                f"ones too: write `{name} without NAME` under portable_errors_expect"
            )
        expected.setdefault(name, becomes)
    factories: dict[str, Factory] = {}
    example = "{PaymentError: lambda cls: cls(7, 'declined')}"
    for name, factory in _entries(
        instances_hooks, hook="pytest_portable_errors_instances", example=example
    ):
        if not callable(factory):
            raise PortableErrorsError(
                f"pytest_portable_errors_instances: {factory!r} for {name}: expected a "
                f"function, as in {example}"
            )
        factories.setdefault(name, _listing(factory))
    without: dict[str, tuple[str, ...]] = {}
    for one in expect:
        if one.arrives_as is not None:
            expected[one.cls] = one.arrives_as
        if one.without:
            without[one.cls] = (*without.get(one.cls, ()), *one.without)
    return Declarations(expect=expected, without=without, ignore=tuple(ignore), instances=factories)


def _entries(results: Iterable[object], *, hook: str, example: str) -> Iterator[tuple[str, object]]:
    for result in results:
        if not isinstance(result, Mapping):
            raise PortableErrorsError(
                f"{hook} must return a mapping such as {example}, got {result!r}"
            )
        yield from ((_class_name(cls, hook=hook), value) for cls, value in result.items())


def _listing(factory: Callable[[type[BaseException]], object]) -> Factory:
    """The factory, changed to return a list, and to raise TypeError for any other result."""

    def instances(cls: type[BaseException]) -> list[BaseException]:
        result = factory(cls)
        if isinstance(result, BaseException):
            return [result]
        if isinstance(result, str) or not isinstance(result, Iterable):
            raise TypeError(
                f"it gave {type(result).__name__}: expected an instance of {cls.__qualname__}, "
                "or several"
            )
        return list(result)

    return instances


def _class_name(cls: object, *, hook: str) -> str:
    if (
        isinstance(cls, str)
        and "." in cls
        and all(part.isidentifier() or part == "<locals>" for part in cls.split("."))
    ):
        return cls
    if isinstance(cls, type) and issubclass(cls, BaseException):
        return type_name(cls)
    raise PortableErrorsError(
        f"{hook}: {cls!r}: expected an exception class, or its dotted name such as "
        "'builtins.RuntimeError'"
    )


def _mro_names(cls: type[BaseException]) -> list[str]:
    # Past the metaclass, which may have a __mro__ of its own.
    return [type_name(base) for base in type.__dict__["__mro__"].__get__(cls)]
