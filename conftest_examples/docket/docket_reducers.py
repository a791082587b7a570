"""Makes LiteLLM's exceptions arrive whole at Docket's clients. Call ``register()`` where the worker
starts; importing this changes nothing.

The clients need LiteLLM, to have its classes, and nothing of this. A link of the chain whose class
they may lack is sent as ``RuntimeError("module.Class: message")``, because one class that cannot be
imported would take the whole error down. Headers that authenticate are left out of httpx's requests
and responses: what a task fails with is stored in Redis.
"""

from __future__ import annotations

import contextlib
import copy
import copyreg
import importlib
import importlib.util
import sys
import types
from collections.abc import Iterator
from typing import Any

import litellm  # noqa: F401  # for the classes that it defines

PACKAGE = "litellm"
SECRET_HEADERS = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "api-key",
        "x-api-key",
        "x-goog-api-key",
        "cookie",
        "set-cookie",
    }
)
# the second: openai 3
_HTTP = [
    importlib.import_module(name) for name in ("httpx", "httpx2") if importlib.util.find_spec(name)
]
_MESSAGES = tuple(message for library in _HTTP for message in (library.Request, library.Response))


def register() -> None:
    """Register the reducer for every exception class of LiteLLM that has been imported and has no
    pickling of its own."""
    for cls in classes():
        copyreg.pickle(cls, reduce)


def classes() -> list[type[BaseException]]:
    """Those that leave their pickling to BaseException. Found and not listed: they change with
    every release."""
    return [
        cls
        for cls in set(_subclasses(BaseException))
        if cls.__module__.partition(".")[0] == PACKAGE
        and cls.__reduce__ is BaseException.__reduce__
    ]


def reduce(exc: BaseException) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    """Rebuild through the built-in base's ``__new__``, without ``__init__``, and restore what the
    exception stores.

    ``BaseException.__setstate__`` sets any attribute that the state names, ``__cause__`` included;
    assigning that sets ``__suppress_context__``, which therefore comes last.
    """
    base = next(cls for cls in type(exc).__mro__ if cls.__module__ == "builtins")
    state = {
        "args": exc.args,
        **{
            name: _without_credentials(value)
            for name, value in {**_c_fields(exc), **exc.__dict__}.items()
        },
        "__cause__": _link(exc.__cause__),
        "__context__": _link(exc.__context__),
        "__suppress_context__": exc.__suppress_context__,
    }
    return base.__new__, (type(exc), *exc.args), state


def _link(exc: BaseException | None) -> BaseException | None:
    """A link of the chain, as text if a client may lack its class."""
    covered = copyreg.dispatch_table.get(type(exc)) is reduce
    if exc is None or covered or type(exc).__module__.partition(".")[0] in sys.stdlib_module_names:
        return exc
    return RuntimeError(f"{type(exc).__module__}.{type(exc).__qualname__}: {exc}")


def _without_credentials(value: Any) -> Any:
    """A copy of a request or response of httpx without the headers that authenticate; anything else
    as it is."""
    if not isinstance(value, _MESSAGES):
        return value
    if not getattr(value, "is_closed", True) and not hasattr(value, "_content"):
        return f"{value!r}, not read"  # a stream cannot be pickled, and reading it here might block
    clean = copy.copy(value)
    clean.headers = type(value.headers)(
        [
            (name, text)
            for name, text in value.headers.multi_items()
            if name.lower() not in SECRET_HEADERS
        ]
    )
    if getattr(clean, "_request", None) is not None:
        clean._request = _without_credentials(clean._request)
    return clean


def _c_fields(exc: BaseException) -> dict[str, object]:
    """What slots and built-in bases keep outside of ``__dict__``: ``errno``, ``filename``..."""
    fields: dict[str, object] = {}
    for cls in reversed(type(exc).__mro__[:-2]):  # without BaseException and object
        for name, descriptor in vars(cls).items():
            if isinstance(
                descriptor, (types.MemberDescriptorType, types.GetSetDescriptorType)
            ) and not name.startswith("__"):
                with contextlib.suppress(AttributeError):  # not set
                    fields[name] = descriptor.__get__(exc)
    return fields


def _subclasses(cls: type[BaseException]) -> Iterator[type[BaseException]]:
    for subclass in type.__subclasses__(cls):
        yield subclass
        yield from _subclasses(subclass)
