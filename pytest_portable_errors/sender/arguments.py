"""Checks the arguments of public functions; an error says what was got and what was expected."""

from __future__ import annotations

import builtins
import reprlib
from collections.abc import Collection

from pytest_portable_errors.diagnosis.checks import CHECKS
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.receiver.fields import type_name


def exception_of(subject: object, *, asked_by: str) -> BaseException:
    """Return an exception, or the one in a ``pytest.ExceptionInfo``.

    Args:
        subject: What the user has passed.
        asked_by: The public function, as its errors name it: ``check_round_trip()``.

    Raises:
        PortableErrorsError: It is anything else, or the ExceptionInfo holds no exception yet.
    """
    if issubclass(type(subject), BaseException):
        # By type, because reading __class__ may raise; mypy does not see that.
        return subject  # type: ignore[return-value]
    if type(subject).__name__ == "ExceptionInfo" and type(subject).__module__.startswith(
        "_pytest."
    ):
        # Not `value`, which asserts where the block has not ended yet.
        exc_info: object = getattr(subject, "_excinfo", None)
        if exc_info is None:
            raise PortableErrorsError(
                f"{asked_by}: this ExceptionInfo holds no exception yet; call it after the "
                "`with pytest.raises(...)` block"
            )
        # mypy does not know the class, because pytest is not imported here.
        return subject.value  # type: ignore[attr-defined, no-any-return]
    if isinstance(subject, type) and issubclass(subject, BaseException):
        raise PortableErrorsError(
            f"{asked_by} got the class {subject.__name__}: expected an instance, e.g. "
            f"{subject.__name__}(...)"
        )
    raise PortableErrorsError(
        f"{asked_by} got {reprlib.repr(subject)} ({type(subject).__name__}): expected an "
        "exception or a pytest.ExceptionInfo"
    )


def checked_names(checks: Collection[str]) -> tuple[str, ...]:
    """Return the names of checks as a tuple.

    Args:
        checks: Some of ``CHECKS``, at least one.

    Raises:
        PortableErrorsError: It is no collection, is empty, or has a name that is unknown.
    """
    if isinstance(checks, str) or not isinstance(checks, Collection) or not checks:
        raise PortableErrorsError(
            f"checks={checks!r}: expected a tuple of some of {', '.join(CHECKS)}"
        )
    for check in checks:
        if check not in CHECKS:
            raise PortableErrorsError(
                f"unknown check {check!r}: expected some of {', '.join(CHECKS)}"
            )
    return tuple(checks)


def dotted_name(arrives_as: type[BaseException] | str | None) -> str | None:
    """Return the dotted name of a declared type.

    Args:
        arrives_as: An exception class, or its dotted name; a name without a dot is a built-in's.
            None: none is declared.

    Returns:
        The dotted name, ``builtins.RuntimeError``; None for None.

    Raises:
        PortableErrorsError: It is neither an exception class nor a dotted name, or there is no
            built-in exception of that name.
    """
    if arrives_as is None:
        return None
    if isinstance(arrives_as, type) and issubclass(arrives_as, BaseException):
        return type_name(arrives_as)
    if isinstance(arrives_as, str) and all(part.isidentifier() for part in arrives_as.split(".")):
        name = arrives_as if "." in arrives_as else f"builtins.{arrives_as}"
        built_in = getattr(builtins, name.removeprefix("builtins."), None)
        if not name.startswith("builtins.") or (
            isinstance(built_in, type) and issubclass(built_in, BaseException)
        ):
            return name
    raise PortableErrorsError(
        f"arrives_as={arrives_as!r}: expected an exception class, or its dotted name such as "
        "'builtins.RuntimeError'"
    )
