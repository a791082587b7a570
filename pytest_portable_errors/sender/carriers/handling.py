"""Calls a function as a worker does that is handling the error of a task."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


def while_handling(exc: BaseException, call: Callable[[], Result]) -> Result:
    """Call a function in an ``except`` block for an exception, and return what it returns.

    There ``sys.exc_info()`` gives the exception, and what is raised has it as its context. The
    exception's own context and traceback are put back: the test may be handling another.

    Args:
        exc: The exception.
        call: The function.

    Raises:
        BaseException: What the function raises.
    """
    context, traceback = exc.__context__, exc.__traceback__
    try:
        raise exc
    except BaseException:
        exc.__context__ = context
        return call()
    finally:
        exc.__traceback__ = traceback
