"""What a project declares about its exception classes, by settings and by hooks of its conftest."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.receiver.fields import type_name

Factory = Callable[[type[BaseException]], "BaseException | Sequence[BaseException]"]
"""Makes an instance of the class that it is given, or several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declarations:
    """By class; what is said of one is said of its subclasses, and the closest wins."""

    expect: Mapping[str, str]
    """Dotted name of a class -> of the class that it is meant to arrive as."""
    ignore: tuple[str, ...] = ()
    """Dotted names of classes that are not checked; ``*`` matches any text. These do not cover
    subclasses."""
    instances: Mapping[str, Factory]
    """Dotted name of a class -> what makes its instances."""

    def arrives_as(self, cls: type[BaseException]) -> str | None:
        """The dotted name of what an instance is meant to arrive as; None if as itself."""
        return next((self.expect[name] for name in _names(cls) if name in self.expect), None)

    def expected_of(self, cls: type[BaseException]) -> list[str]:
        """The names under which a change of type is declared that covers it."""
        return [name for name in _names(cls) if name in self.expect] if self.expect else []

    def ignores(self, cls: type[BaseException]) -> bool:
        """Whether its instances are not to be checked."""
        name = type_name(cls)
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.ignore)

    def factory(self, cls: type[BaseException]) -> Factory | None:
        """What makes its instances, if it is said."""
        return next((self.instances[name] for name in _names(cls) if name in self.instances), None)


def declarations(
    *,
    expect: Sequence[tuple[str, str]],
    ignore: Sequence[str],
    expect_hooks: Iterable[object],
    instances_hooks: Iterable[object],
) -> Declarations:
    """Settings and what the hooks returned, as one; a setting goes before a hook.

    Raises PortableErrorsError for a hook that returned something else than it should.
    """
    expected: dict[str, str] = {}
    for name, target in _entries(
        expect_hooks, hook="pytest_portable_errors_expect", example="{StepFailed: RuntimeError}"
    ):
        expected.setdefault(name, _class_name(target, hook="pytest_portable_errors_expect"))
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
        factories.setdefault(name, _several(factory))
    return Declarations(
        expect={**expected, **dict(expect)}, ignore=tuple(ignore), instances=factories
    )


def _entries(results: Iterable[object], *, hook: str, example: str) -> Iterator[tuple[str, object]]:
    for result in results:
        if not isinstance(result, Mapping):
            raise PortableErrorsError(
                f"{hook} must return a mapping such as {example}, got {result!r}"
            )
        yield from ((_class_name(cls, hook=hook), value) for cls, value in result.items())


def _several(factory: Callable[[type[BaseException]], object]) -> Factory:
    """The same, giving a list; with a TypeError for what is neither an instance nor several."""

    def instances(cls: type[BaseException]) -> list[BaseException]:
        made = factory(cls)
        if isinstance(made, BaseException):
            return [made]
        if isinstance(made, str) or not isinstance(made, Iterable):
            raise TypeError(
                f"it gave {type(made).__name__}: expected an instance of {cls.__qualname__}, "
                "or several"
            )
        return list(made)

    return instances


def _class_name(cls: object, *, hook: str) -> str:
    if isinstance(cls, str) and "." in cls and all(part.isidentifier() for part in cls.split(".")):
        return cls
    if isinstance(cls, type) and issubclass(cls, BaseException):
        return type_name(cls)
    raise PortableErrorsError(
        f"{hook}: {cls!r}: expected an exception class, or its dotted name such as "
        "'builtins.RuntimeError'"
    )


def _names(cls: type[BaseException]) -> list[str]:
    return [type_name(base) for base in type.__dict__["__mro__"].__get__(cls)]
