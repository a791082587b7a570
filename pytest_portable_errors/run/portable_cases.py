"""The cases of a suite in a test file of one's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from pytest_portable_errors.errors import PortableErrorsError

Test = TypeVar("Test")


def portable_cases(suite: str) -> Callable[[Test], Test]:
    """Put the cases of a suite into your own test file, for IDEs and node IDs::

        @portable_cases("litellm")
        def test_litellm(): ...

    The test runs once for each case, and fails when the case's exception does not arrive whole. Its
    body runs first, and may take the case by the argument ``portable_case`` (``.subject.name``,
    ``.serializers``) to skip or xfail some.
    """
    import pytest  # here, so that the package loads without it

    if not isinstance(suite, str):
        raise PortableErrorsError(
            f"@portable_cases takes the name of a suite, got {suite!r}: write "
            '@portable_cases("litellm")'
        )
    return cast(Callable[[Test], Test], pytest.mark.portable_cases(suite))
