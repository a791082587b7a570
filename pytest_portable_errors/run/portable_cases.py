"""The decorator that runs a test once for each case of a suite."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from pytest_portable_errors.errors import PortableErrorsError

Test = TypeVar("Test")


def portable_cases(suite: str) -> Callable[[Test], Test]:
    """Put the cases of a suite into your own test file, where IDEs and node IDs show them.

    ::

        @portable_cases("litellm")
        def test_litellm(): ...

    The test runs once for each case, and fails when the case's exception does not arrive whole. Its
    body runs first, and may take the case by the argument ``portable_case`` (``.subject.name``,
    ``.serializers``) to skip or xfail some.

    Args:
        suite: Name of the suite. One that does not exist fails the collection of the test.

    Returns:
        A decorator of a test function or class.

    Raises:
        PortableErrorsError: ``suite`` is no string, as in ``@portable_cases`` without a call.
    """
    import pytest  # not above, so that the package loads without pytest

    if not isinstance(suite, str):
        raise PortableErrorsError(
            f"@portable_cases takes the name of a suite, got {suite!r}: write "
            '@portable_cases("litellm")'
        )
    return cast(Callable[[Test], Test], pytest.mark.portable_cases(suite))
