"""Makes LiteLLM's exceptions arrive whole, whatever pickles them: pickle, cloudpickle (Docket), a
process pool.

Import this module where your *worker* starts. A reducer that lives in conftest.py alone makes the
tests green and leaves production broken. The receiver needs nothing but the libraries.

What happens without it: a Docket client that waits for a LiteLLM task gets ``TypeError:
RateLimitError.__init__() missing 2 required positional arguments: 'model' and 'llm_provider'``
instead of the rate limit; a process pool breaks with "terminated abruptly".

Limits: a chain of several hundred links exceeds pickle's recursion. A link whose class may be
missing at the receiver (your own, say) is sent as ``RuntimeError("module.Class: message")``,
because one class that cannot be imported would take the whole error down. LiteLLM imports some
providers late. Their errors are covered where they stand in a chain; if you raise them yourself,
call ``register()`` again after the import.
"""

from __future__ import annotations

import contextlib
import copy
import copyreg
import importlib
import importlib.util
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

# the last two: what openai 3 stands on
PACKAGES = ("litellm", "openai", "httpx", "httpcore", "httpx2", "httpcore2")
"""Whose exceptions LiteLLM raises, and chains to those that it raises."""
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
_HTTP = [
    importlib.import_module(name) for name in ("httpx", "httpx2") if importlib.util.find_spec(name)
]
_MESSAGES = tuple(message for library in _HTTP for message in (library.Request, library.Response))
# defines exceptions, and is imported neither by litellm nor without its dependencies
_EXTRAS = ("litellm.proxy._types",)

Reduced = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]


def register() -> list[type[BaseException]]:
    """Register the reducer for every exception class of the installed packages that has no pickling
    of its own."""
    for module in (*PACKAGES, *_EXTRAS):
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    classes = sorted(
        set(_subclasses(BaseException)), key=lambda cls: (cls.__module__, cls.__qualname__)
    )
    found = [
        cls
        for cls in classes
        if cls.__module__.partition(".")[0] in PACKAGES and needs_reducer(cls)
    ]
    for cls in found:
        copyreg.pickle(cls, reduce)
    return found


def needs_reducer(cls: type[BaseException]) -> bool:
    """Whether the class leaves its pickling to BaseException, or to us."""
    return (
        cls.__reduce__ is BaseException.__reduce__
        and cls.__reduce_ex__ is object.__reduce_ex__
        and copyreg.dispatch_table.get(cls) in (None, reduce)
    )


def reduce(exc: BaseException) -> Reduced:
    """Rebuild through the built-in base's ``__new__``, without ``__init__``, and restore what the
    exception stores.

    ``BaseException.__setstate__`` sets any attribute that the state names, ``__cause__`` included;
    assigning that sets ``__suppress_context__``, which therefore comes last.
    """
    base = next(cls for cls in type(exc).__mro__ if cls.__module__ == "builtins")
    stored = {**_c_fields(exc), **exc.__dict__}
    state = {
        "args": exc.args,
        **{name: without_credentials(value) for name, value in stored.items()},
        "__cause__": _link(exc.__cause__),
        "__context__": _link(exc.__context__),
        "__suppress_context__": exc.__suppress_context__,
    }
    return base.__new__, (type(exc), *exc.args), state


def without_credentials(value: Any) -> Any:
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
        clean._request = without_credentials(clean._request)
    return clean


def _link(exc: BaseException | None) -> BaseException | None:
    """A link of the chain, as text if the receiver may lack its class."""
    if exc is None:
        return None
    package = type(exc).__module__.partition(".")[0]
    if package in PACKAGES and needs_reducer(type(exc)):
        # LiteLLM imports most providers late, and with them the classes of their errors
        copyreg.pickle(type(exc), reduce)
    if package in PACKAGES or package in sys.stdlib_module_names:
        return exc
    return RuntimeError(f"{type(exc).__module__}.{type(exc).__qualname__}: {exc}")


def _c_fields(exc: BaseException) -> dict[str, object]:
    """What slots and built-in bases keep outside of ``__dict__``: ``errno``, ``filename``..."""
    fields: dict[str, object] = {}
    for cls in reversed(type(exc).__mro__):
        if cls in (object, BaseException):
            continue
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


REGISTERED = register()
