"""Where a task ends. What a library raised becomes an error of the project's; everything else goes
on as it is."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from translation_errors import ModelCallFailed

LIBRARIES = ("litellm", "openai", "httpx")
P = ParamSpec("P")
R = TypeVar("R")


def translated(error: Exception, into: type[ModelCallFailed] = ModelCallFailed) -> ModelCallFailed:
    """The facts. Not every class has every attribute, and what is read here must not be what
    fails."""
    return into(
        type(error).__name__,
        str(error),
        str(getattr(error, "model", None) or "unknown"),
        str(getattr(error, "llm_provider", None) or "unknown"),
        int(getattr(error, "status_code", None) or 500),
    )


def at_the_boundary(
    task: Callable[P, Coroutine[Any, Any, R]],
) -> Callable[P, Coroutine[Any, Any, R]]:
    """The original goes to the log, with its chain. ``from None``, because pickle drops a chain: as
    it is here, so it arrives."""

    @functools.wraps(task)
    async def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return await task(*args, **kwargs)
        except Exception as error:
            if type(error).__module__.partition(".")[0] not in LIBRARIES:
                raise
            logging.getLogger(__name__).exception("%s failed", task.__name__)
            raise translated(error) from None

    return guarded
