"""LiteLLM's exceptions arrive whole at whoever waits for a task. The worker calls ``apply()`` at
its start; importing changes nothing.

What the reviews of the first patch asked for, and where it is:

- cause, context and the suppress flag: ``reduce``, the flag last, because assigning ``__cause__``
  sets it;
- no list of classes: ``unpicklable_classes`` finds those of the installed version;
- nothing of this package in the payload: it is rebuilt by the built-in base's own ``__new__``;
- a link of the chain that cannot be rebuilt takes nothing down: ``_Link`` and ``_as_text``;
- what cannot travel is found with the serializer in use, Docket's, and by loading it too:
  ``_portable``;
- no mark on foreign classes that a subclass or a stranger might share: the guard is ``copyreg``'s
  own table, looked up by the exact class;
- a class that LiteLLM repairs itself, or that somebody else has registered, is left to them.

Limits: a chain of several hundred links exceeds pickle's recursion. An object of your own in an
attribute needs its class at the client.
"""

from __future__ import annotations

import builtins
import contextlib
import copy
import copyreg
import importlib
import importlib.util
import sys
import types
from collections.abc import Iterator
from typing import Any

import cloudpickle

# the last two: what openai 3 stands on
PACKAGES = ("litellm", "openai", "httpx", "httpcore", "httpx2", "httpcore2")
"""Whose exceptions LiteLLM raises, and chains to those that it raises. The clients have them."""
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
_PLAIN = (type(None), bool, int, float, str, bytes)

Reduced = tuple[Any, tuple[Any, ...], dict[str, Any]]


def apply() -> list[type[BaseException]]:
    """Register the reducer for this process. Gives the classes, so that a caller sees that there
    are some."""
    for module in (*PACKAGES, *_EXTRAS):
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    found = unpicklable_classes()
    for cls in found:
        copyreg.pickle(cls, reduce)
    return found


def unpicklable_classes() -> list[type[BaseException]]:
    """Those of the packages that leave their pickling to BaseException."""
    found = {
        cls
        for cls in _subclasses(BaseException)
        if cls.__module__.partition(".")[0] in PACKAGES and _is_ours(cls)
    }
    return sorted(found, key=lambda cls: (cls.__module__, cls.__qualname__))


def reduce(exc: BaseException, above: tuple[BaseException, ...] = ()) -> Reduced:
    """Rebuild through the built-in base's ``__new__``, without ``__init__``, and restore what the
    exception stores.

    ``above`` is the chain that led here: a chain may be a ring.
    """
    base = next(cls for cls in type(exc).__mro__ if cls.__module__ == "builtins")
    args = tuple(map(_portable, exc.args))
    cause = _link(exc.__cause__, (*above, exc))
    context = cause if exc.__context__ is exc.__cause__ else _link(exc.__context__, (*above, exc))
    state = {
        "args": args,
        **{name: _portable(value) for name, value in {**_c_fields(exc), **exc.__dict__}.items()},
        "__cause__": cause,
        "__context__": context,
        "__suppress_context__": exc.__suppress_context__,
    }
    return base.__new__, (type(exc), *args), state


class _Link:
    """Pickled in the place of a link of the chain; what is rebuilt is the link, with its own chain.
    Nobody needs this class for it."""

    def __init__(self, exc: BaseException, above: tuple[BaseException, ...]) -> None:
        self._exc = exc
        self._above = above

    def __reduce__(self) -> Reduced:
        return reduce(self._exc, self._above)


def _link(exc: BaseException | None, above: tuple[BaseException, ...]) -> object:
    if exc is None or any(exc is link for link in above):
        return None
    package = type(exc).__module__.partition(".")[0]
    is_known = package in PACKAGES or package in sys.stdlib_module_names
    if (
        is_known
        and _is_ours(type(exc))
        and not isinstance(exc, getattr(builtins, "BaseExceptionGroup", ()))
    ):
        return _Link(exc, above)
    return exc if is_known and _travels(exc) else _Link(_as_text(exc), (*above, exc))


def _as_text(exc: BaseException) -> RuntimeError:
    """For a link whose class the client may lack: one that cannot be rebuilt would take the whole
    error down."""
    text = RuntimeError(f"{type(exc).__module__}.{type(exc).__qualname__}: {exc}")
    text.__cause__, text.__context__, text.__suppress_context__ = (
        exc.__cause__,
        exc.__context__,
        exc.__suppress_context__,
    )
    return text


def _portable(value: object) -> object:
    """The value without the headers that authenticate, or its repr if it does not travel."""
    if type(value) in _PLAIN:
        return value
    clean = _without_credentials(value)
    if _travels(clean):
        return clean
    try:
        return repr(clean)
    except Exception:  # a stranger's __repr__
        return f"<{type(clean).__name__}>"


def _travels(value: object) -> bool:
    """Whether the serializer in use can write it and read it again: what is written and not read
    would take the whole error down."""
    try:
        cloudpickle.loads(cloudpickle.dumps(value))
    except Exception:  # pickling raises whatever the value's class does
        return False
    return True


def _without_credentials(value: Any) -> Any:
    if not isinstance(value, _MESSAGES):
        return value
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


def _is_ours(cls: type[BaseException]) -> bool:
    return (
        cls.__reduce__ is BaseException.__reduce__
        and cls.__reduce_ex__ is object.__reduce_ex__
        and copyreg.dispatch_table.get(cls) in (None, reduce)
    )


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
