"""What a test demands by its ``portable_exception`` marker."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pytest_portable_errors.diagnosis.checks import CHECKS
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.judging.verdicts import TripRequirements
from pytest_portable_errors.receiver_names import EXPECTED, receiver_named
from pytest_portable_errors.run.option_specs import MARKER
from pytest_portable_errors.run.options import Options
from pytest_portable_errors.sender.arguments import dotted_name
from pytest_portable_errors.sender.registry import Serializers
from pytest_portable_errors.sender.serializers import Serializer

RIGHT_FORM = f"@pytest.mark.{MARKER}(raises=PaymentError)"


class Mark(Protocol):
    """As much of ``pytest.Mark`` as is needed here."""

    @property
    def args(self) -> tuple[object, ...]:
        """Positional arguments."""

    @property
    def kwargs(self) -> Mapping[str, object]:
        """Keyword arguments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkerOptions:
    """The merged keywords of a test's markers, with the settings where no marker says anything."""

    raises: tuple[type[BaseException], ...]
    """Types of which the body must let one escape; () if none need."""
    arrives_as: str | None
    receivers: tuple[str, ...]
    serializers: tuple[Serializer, ...]
    checks: tuple[str, ...]
    at_least: int
    reason: str
    timeout: float
    chain: tuple[str, ...]
    primitive: bool

    @property
    def requirements(self) -> TripRequirements:
        """What is asked of each trip."""
        return TripRequirements(
            receivers=self.receivers,
            checks=self.checks,
            timeout=self.timeout,
            chain=self.chain,
            primitive=self.primitive,
        )


def merge_markers(
    marks: Iterable[Mark], *, options: Options, serializers: Serializers
) -> MarkerOptions:
    """The options of a test's markers, the closest first: keyword by keyword the closest wins.

    Raises PortableErrorsError for what a marker cannot mean, with the right form.
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
    given = {keyword: value for keyword, value in keywords.items() if value is not None}
    for keyword, value in given.items():
        ensure_right(keyword, value)
    raises = given.get("raises", ())
    return MarkerOptions(
        raises=raises if isinstance(raises, tuple) else (raises,),
        arrives_as=dotted_name(given.get("arrives_as")),
        receivers=(_receiver(given["receiver"], options),)
        if "receiver" in given
        else options.receivers,
        serializers=tuple(map(serializers.find, given.get("serializers", options.serializers))),
        checks=tuple(given.get("checks", options.checks)),
        at_least=given.get("at_least", 1),
        reason=given.get("reason", ""),
        timeout=options.timeout,
        chain=chain_of(given.get("chain", ())),
        primitive=given.get("primitive", False),
    )


def ensure_right(keyword: str, value: object, *, asked_by: str = "") -> None:
    """Raises PortableErrorsError, with what is expected, if the keyword does not take that
    value."""
    is_right, right = _RIGHT[keyword]
    if not is_right(value):
        said = f"{keyword}={_short(value)}"
        raise PortableErrorsError(
            f"{asked_by}({said}): expected {right}" if asked_by else f"{said}: expected {right}"
        )


def chain_of(types: Iterable[type[BaseException] | str]) -> tuple[str, ...]:
    """The chain that is expected, by dotted names."""
    return tuple(str(dotted_name(one)) for one in types)


def _receiver(name: str, options: Options) -> str:
    try:
        return receiver_named(name, relative_to=options.root)
    except PortableErrorsError as error:
        raise PortableErrorsError(f"receiver={_short(name)}: {error}") from error


def _is_exception_class(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, BaseException)


def _are(kind: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda values: (
        isinstance(values, (tuple, list)) and len(values) > 0 and all(map(kind, values))
    )


def _is_type_name(value: object) -> bool:
    try:
        return dotted_name(value) is not None  # type: ignore[arg-type]  # it looks for itself
    except PortableErrorsError:
        return False


# keyword -> what it must be, and how to say that
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
    "reason": (lambda value: isinstance(value, str), "a text"),
}


def _short(value: object) -> str:
    if isinstance(value, type):
        return value.__qualname__
    try:
        text = repr(value)
    except Exception:  # foreign
        return f"<{type(value).__name__}>"
    return text if len(text) <= 80 else text[:77] + "..."


KEYWORDS = tuple(_RIGHT)
"""What a marker may say."""


def names(values: Sequence[type]) -> str:
    """``PaymentError or TimeoutError``."""
    return " or ".join(value.__name__ for value in values)


def swallowed_test(module: str, name: str, exc: BaseException) -> str | None:
    """What to say where ``@pytest.mark.portable_exception(PaymentError)`` has swallowed a test;
    None if it has not.

    pytest takes a class as a marker's only argument for the thing to mark, so the decorated
    function became ``PaymentError(function)``.
    """
    cls = type(exc)
    if not any(getattr(mark, "name", None) == MARKER for mark in vars(cls).get("pytestmark", ())):
        return None
    return (
        f"{module}::{name}: @pytest.mark.{MARKER}({cls.__name__}) marked the class and swallowed "
        "the test; "
        f"write @pytest.mark.{MARKER}(raises={cls.__name__})"
    )
