"""A worker's function runs as in an ``except`` block, and leaves the exception as it was."""

from __future__ import annotations

import sys

import pytest

from pytest_portable_errors.sender.carriers.handling import while_handling


def raised() -> BaseException:
    try:
        try:
            raise KeyError("k")
        except KeyError:
            raise ValueError("v")  # noqa: B904  # its context is the point
    except ValueError as error:
        return error


def test_it_is_what_is_handled_and_nothing_else() -> None:
    error = raised()
    context, traceback = error.__context__, error.__traceback__
    try:
        raise LookupError("what the test is about")
    except LookupError:
        seen = while_handling(error, lambda: (sys.exc_info()[1], error.__context__))
    assert seen == (error, context)
    assert (error.__context__, error.__traceback__) == (context, traceback)


def test_what_is_raised_there_has_it_as_its_context() -> None:
    error = raised()

    def fail() -> None:
        raise TypeError("cannot be pickled")

    with pytest.raises(TypeError) as caught:
        while_handling(error, fail)
    assert caught.value.__context__ is error
    assert error.__traceback__ is not None
