"""The patch as agent-memory-server's pull request had it, in short. It makes what its own tests
look at arrive; see test_first_patch.py.

A list of classes, a ``__reduce__`` for each, a reconstructor in this package, ``repr`` for what
plain pickle refuses, applied on import.
"""

from __future__ import annotations

import pickle
from typing import Any

import litellm.exceptions

CLASSES: tuple[Any, ...] = (
    litellm.exceptions.AuthenticationError,
    litellm.exceptions.NotFoundError,
    litellm.exceptions.BadRequestError,
    litellm.exceptions.UnprocessableEntityError,
    litellm.exceptions.Timeout,
    litellm.exceptions.PermissionDeniedError,
    litellm.exceptions.RateLimitError,
    litellm.exceptions.ContextWindowExceededError,
    litellm.exceptions.ContentPolicyViolationError,
    litellm.exceptions.ServiceUnavailableError,
    litellm.exceptions.BadGatewayError,
    litellm.exceptions.InternalServerError,
    litellm.exceptions.APIError,
    litellm.exceptions.APIConnectionError,
    litellm.exceptions.APIResponseValidationError,
)


def rebuild(
    cls: type[Exception],
    args: tuple[Any, ...],
    state: dict[str, Any],
    chain: dict[str, BaseException],
) -> Exception:
    exc = Exception.__new__(cls)
    exc.__dict__.update(state)
    exc.args = args
    exc.__cause__ = chain.get("cause")
    exc.__context__ = chain.get("context")
    return exc


def reduce(self: Exception) -> tuple[Any, ...]:
    state = {
        name: value if _is_picklable(value) else repr(value) for name, value in vars(self).items()
    }
    chain = {"cause": self.__cause__, "context": self.__context__}
    return rebuild, (
        type(self),
        self.args,
        state,
        {name: link for name, link in chain.items() if link and _is_picklable(link)},
    )


def _is_picklable(value: object) -> bool:
    try:
        pickle.dumps(value)
    except Exception:
        return False
    return True


def patch() -> None:
    for cls in CLASSES:
        if not hasattr(cls, "_pickle_patched"):
            cls.__reduce__ = reduce
            cls._pickle_patched = True


patch()
