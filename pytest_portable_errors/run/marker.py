"""What a test asks for by its ``portable_exception`` markers."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pytest_portable_errors.diagnosis.checks import CHECKS, MOST_HOPS
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.judging.verdicts import TripRequirements
from pytest_portable_errors.receiver_names import EXPECTED, receiver_named
from pytest_portable_errors.run.option_specs import MARKER
from pytest_portable_errors.run.options import Options
from pytest_portable_errors.sender.arguments import dotted_name
from pytest_portable_errors.sender.registry import Serializers
from pytest_portable_errors.sender.serializers import Serializer

RIGHT_FORM = f"@pytest.mark.{MARKER}(raises=PaymentError)"
"""The example that errors about a marker's arguments show."""


class Mark(Protocol):
    """As much of ``pytest.Mark`` as is needed here."""

    @property
    def args(self) -> tuple[object, ...]:
        """Positional arguments; the marker takes none."""

    @property
    def kwargs(self) -> Mapping[str, object]:
        """Keyword arguments; ``KEYWORDS`` are allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkerOptions:
    """The merged keywords of a test's markers, with the settings where no marker says anything."""

    raises: tuple[type[BaseException], ...]
    """The test's body has to let an exception of one of these types escape; (): it need not."""
    arrives_as: str | None
    """Dotted name of the type that exceptions are meant to arrive as; None: as their own."""
    receivers: tuple[str, ...]
    """Names, and absolute paths of interpreters; at least one."""
    serializers: tuple[Serializer, ...]
    """At least one."""
    checks: tuple[str, ...]
    """What is compared: some of ``CHECKS``."""
    at_least: int
    """How many exceptions have to be captured; 0 or more."""
    reason: str
    """Why the test has the marker, for its failure's text; empty if no marker says it."""
    timeout: float
    """Seconds of processor time that one check may take in the receiver; from the settings."""
    chain: tuple[str, ...]
    """Dotted names of the types that the printed chain has to have, the outermost first; (): any
    chain will do."""
    primitive: bool
    """Whether nothing but primitive values may be sent."""
    hops: int
    """How often exceptions are pickled and rebuilt, 1 to ``MOST_HOPS``."""

    @property
    def requirements(self) -> TripRequirements:
        """What is asked of each trip."""
        return TripRequirements(
            receivers=self.receivers,
            checks=self.checks,
            timeout=self.timeout,
            chain=self.chain,
            primitive=self.primitive,
            hops=self.hops,
        )


def merge_markers(
    marks: Iterable[Mark], *, options: Options, serializers: Serializers
) -> MarkerOptions:
    """Merge the keywords of a test's markers with the settings; the closest marker wins.

    Args:
        marks: The test's markers, the closest first. Each keyword is taken from the first that has
            it; the value None stands for the setting.
        options: The settings, for keywords that no marker has.
        serializers: Finds serializers by their names.

    Raises:
        PortableErrorsError: A marker has positional arguments, an unknown keyword or a wrong value,
            or a serializer or receiver is unknown. The text shows what is right.
    """
    keywords: dict[str, Any] = {}
    for mark in marks:
        if mark.args:
            raise PortableErrorsError(
                f"takes keywords only, got {', '.join(map(_short, mark.args))}: write {RIGHT_FORM}"
            )
        for keyword, value in mark.kwargs.items():
            if keyword not in _RIGHT:
                close = difflib.get_close_matches(keyword, _RIGHT, n=1)
                hint = f"did you mean {close[0]}?" if close else f"expected {', '.join(_RIGHT)}"
                raise PortableErrorsError(f"unknown keyword {keyword}={_short(value)}: {hint}")
            keywords.setdefault(keyword, value)
    values = {keyword: value for keyword, value in keywords.items() if value is not None}
    for keyword, value in values.items():
        ensure_right(keyword, value)
    raises = values.get("raises", ())
    return MarkerOptions(
        raises=raises if isinstance(raises, tuple) else (raises,),
        arrives_as=dotted_name(values.get("arrives_as")),
        receivers=(_receiver(values["receiver"], options),)
        if "receiver" in values
        else options.receivers,
        serializers=tuple(map(serializers.find, values.get("serializers", options.serializers))),
        checks=tuple(values.get("checks", options.checks)),
        at_least=values.get("at_least", 1),
        reason=values.get("reason", ""),
        timeout=options.timeout,
        chain=chain_of(values.get("chain", ())),
        primitive=values.get("primitive", False),
        hops=values.get("hops", options.hops),
    )


def ensure_right(keyword: str, value: object, *, asked_by: str = "") -> None:
    """Check the value of a keyword.

    Args:
        keyword: One of ``KEYWORDS``.
        value: What it was given; not None.
        asked_by: The function that has the keyword, for the error's text; empty for a marker.

    Raises:
        PortableErrorsError: The keyword does not take that value. The text says what it takes.
    """
    is_right, expected = _RIGHT[keyword]
    if not is_right(value):
        argument = f"{keyword}={_short(value)}"
        raise PortableErrorsError(
            f"{asked_by}({argument}): expected {expected}"
            if asked_by
            else f"{argument}: expected {expected}"
        )


def chain_of(types: Iterable[type[BaseException] | str]) -> tuple[str, ...]:
    """The dotted names of the types of a chain.

    Raises:
        PortableErrorsError: One is neither an exception class nor a dotted name.
    """
    return tuple(str(dotted_name(cls)) for cls in types)


def _receiver(name: str, options: Options) -> str:
    try:
        return receiver_named(name, relative_to=options.root)
    except PortableErrorsError as error:
        raise PortableErrorsError(f"receiver={_short(name)}: {error}") from error


def _is_exception_class(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, BaseException)


def _are(is_right: Callable[[object], bool]) -> Callable[[object], bool]:
    """A function that accepts a tuple or list, not empty, of what ``is_right`` accepts."""
    return lambda values: (
        isinstance(values, (tuple, list)) and len(values) > 0 and all(map(is_right, values))
    )


def _is_type_name(value: object) -> bool:
    try:
        return dotted_name(value) is not None  # type: ignore[arg-type]  # it checks the type
    except PortableErrorsError:
        return False


_RIGHT: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "raises": (
        lambda value: (
            _is_exception_class(value)
            or (isinstance(value, tuple) and _are(_is_exception_class)(value))
        ),
        "an exception class or a tuple of them",
    ),
    "arrives_as": (
        _is_type_name,
        "an exception class, or its dotted name such as 'builtins.RuntimeError'",
    ),
    "receiver": (lambda value: isinstance(value, str), EXPECTED.removeprefix("expected ")),
    "serializers": (
        _are(lambda value: isinstance(value, (str, Serializer))),
        "a tuple of names or Serializers, e.g. ('pickle', 'cloudpickle')",
    ),
    "checks": (_are(lambda value: value in CHECKS), f"a tuple of some of {', '.join(CHECKS)}"),
    "at_least": (
        lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 0,
        "how many exceptions: 0, 1, 2...",
    ),
    "chain": (
        _are(_is_type_name),
        (
            "a tuple of exception classes or their dotted names, the outermost first, e.g. "
            "(RetryError, PaymentError)"
        ),
    ),
    "primitive": (lambda value: isinstance(value, bool), "True or False"),
    "hops": (
        lambda value: type(value) is int and 1 <= value <= MOST_HOPS,
        f"how often it is pickled and rebuilt: 1 to {MOST_HOPS}",
    ),
    "reason": (lambda value: isinstance(value, str), "a text"),
}
"""Keyword -> whether it takes a value, and what to say that it takes."""


def _short(value: object) -> str:
    if isinstance(value, type):
        return value.__qualname__
    try:
        text = repr(value)
    except Exception:  # foreign
        return f"<{type(value).__name__}>"
    return text if len(text) <= 80 else text[:77] + "..."


KEYWORDS = tuple(_RIGHT)
"""The keywords that a marker may have."""


def names(values: Sequence[type]) -> str:
    """Names of classes for a message: ``PaymentError or TimeoutError``."""
    return " or ".join(value.__name__ for value in values)


def swallowed_test(module: str, name: str, exc: BaseException) -> str | None:
    """Detect a test that ``@pytest.mark.portable_exception(PaymentError)`` has swallowed.

    pytest takes a class that is a marker's only argument for the thing to mark, so the decorated
    function became ``PaymentError(function)``.

    Args:
        module: Node ID of the module or class that holds the test, for the message.
        name: Name of the test.
        exc: What the module holds under that name.

    Returns:
        The message; None if the exception's class has no such marker.
    """
    cls = type(exc)
    if not any(getattr(mark, "name", None) == MARKER for mark in vars(cls).get("pytestmark", ())):
        return None
    return (
        f"{module}::{name}: @pytest.mark.{MARKER}({cls.__name__}) marked the class and swallowed "
        "the test; "
        f"write @pytest.mark.{MARKER}(raises={cls.__name__})"
    )
