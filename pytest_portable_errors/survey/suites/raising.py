"""What all suites share: a library imported for them, and its errors, built and raised for real."""

from __future__ import annotations

import contextlib
import functools
import importlib
import logging
import os
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import metadata
from typing import TYPE_CHECKING, Any

from pytest_portable_errors.building.build import CannotBuild, Values, Variant, build
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.sender.garbage import uncollected
from pytest_portable_errors.survey.cases import Subject

if TYPE_CHECKING:
    from pytest_portable_errors.sender.receivers import Receivers

STATUSES = (400, 401, 403, 404, 408, 409, 422, 429, 500, 502, 503)
"""What servers of HTTP refuse with."""
_SUITES = os.path.dirname(os.path.abspath(__file__))
_ENVIRONMENT = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # it would fetch its price list
    "NO_PROXY": "127.0.0.1",
    "no_proxy": "127.0.0.1",
    "AWS_EC2_METADATA_DISABLED": "true",  # it would look for credentials in the network
}


@contextlib.contextmanager
def library(
    suite: str,
    distribution: str,
    *modules: str,
    install: str,
    title: str = "",
    prepared: tuple[Receivers, Sequence[str]] | None = None,
) -> Iterator[Any]:
    """Import a library for its suite; in the block its requests to loopback use no proxy.

    Its warnings and its log are dropped: they are not under test, even under
    ``filterwarnings = error``; servers log the errors that they are to raise.

    Args:
        suite: The suite's name.
        distribution: What has to be installed.
        modules: What is imported of it; the first is given to the block.
        install: How it is installed: ``pip install grpcio``.
        title: What people call it; empty: as the distribution is called.
        prepared: The receivers that import the last module at the same time, and their names.

    Raises:
        PortableErrorsError: It is not installed, or cannot be imported.
    """
    try:
        metadata.version(distribution)
    except metadata.PackageNotFoundError:
        needed = title or distribution
        raise PortableErrorsError(f"the suite {suite} needs {needed}: {install}") from None
    before = {name: os.environ.get(name) for name in _ENVIRONMENT}
    os.environ.update(_ENVIRONMENT)
    disabled = logging.root.manager.disable
    logging.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if prepared is not None:
                receivers, names = prepared
                for name in names:
                    receivers.prepare(name, modules[-1:])
            with uncollected():  # a fifth of a long import's time
                imported = [importlib.import_module(module) for module in modules]
            yield imported[0]
    except ImportError as error:
        raise PortableErrorsError(f"the suite {suite} cannot import {distribution}: {error}") from (
            error
        )
    finally:
        logging.disable(disabled)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def built(
    package: str,
    classes: Iterable[type[BaseException]],
    values: Values | None = None,
    *,
    with_private: bool = False,
) -> Iterator[Subject]:
    """A subject for each class, whose instances are built; not for private ones, unless asked for.

    Nobody makes those but their library, of what it has in its hands: made of other values they
    break later on, as grpc's do when they are collected.

    Args:
        package: The package that they are named from where two have one name.
        classes: The classes.
        values: Values to use before any that is made up.
        with_private: Whether classes count whose names begin with an underscore.
    """
    classes = [cls for cls in classes if with_private or not cls.__name__.startswith("_")]
    short_names = [cls.__name__ for cls in classes]
    for cls in classes:
        name = (
            cls.__name__
            if short_names.count(cls.__name__) == 1
            else f"{cls.__module__.removeprefix(package + '.')}.{cls.__name__}"
        )
        instances = functools.partial(build, cls, values=values or {})
        yield Subject(name=name, origin="", instances=instances)


def raised(by: str, scenarios: Mapping[str, Callable[[], object]]) -> Iterator[Subject]:
    """A subject for each scenario: what its function raises, now.

    Args:
        by: What raises: ``litellm.completion``.
        scenarios: Name, such as ``404``, -> what raises.
    """
    for name, call in scenarios.items():
        yield raised_subject(by, name, error_of(call))


def raised_subject(by: str, name: str, exc: BaseException | None) -> Subject:
    """The subject of what was raised in a scenario; None: nothing was."""
    origin = f"raised-{name}"
    if exc is None:
        return Subject(
            name="nothing",
            origin=origin,
            instances=functools.partial(_nothing, f"{by} raised nothing"),
        )
    if _is_of_the_suite(exc):
        reason = f"{by} cannot be asked for it in this version: {type(exc).__name__}: {exc}"
        return Subject(
            name="not-there", origin=origin, instances=functools.partial(_nothing, reason)
        )
    variant = Variant(how=f"by {by} ({name})", exc=exc.with_traceback(None))
    return Subject(name=type(exc).__name__, origin=origin, instances=lambda: [variant])


def _is_of_the_suite(exc: BaseException) -> bool:
    """Whether it says that the library has not what a suite asks of it, as an older one may not."""
    if isinstance(exc, ImportError):
        return True
    frames = traceback.extract_tb(exc.__traceback__)
    is_raised_here = bool(frames) and os.path.dirname(frames[-1].filename) == _SUITES
    return is_raised_here and isinstance(exc, (AttributeError, TypeError))


def error_of(call: Callable[[], object]) -> BaseException | None:
    """What a call raises; None if nothing."""
    try:
        call()
    except Exception as exc:
        return exc
    return None


def phrases_of_response(exc: BaseException | None) -> Callable[[int], str] | None:
    """The reason phrases of the HTTP library whose response an error, or its chain, carries.

    A pickled response loses the server's phrase and arrives with its library's; httpx and httpx2
    differ in it for 413 and 422. openai may use the one while LiteLLM hands it a client of the
    other, so the response decides, and not what is installed.

    Args:
        exc: The error; None if there was none.

    Returns:
        Status -> phrase. None if no error of the chain has a response that came from a server.
    """
    visited: set[int] = set()
    while exc is not None and id(exc) not in visited:
        visited.add(id(exc))
        response = vars(exc).get("response")
        # Only one that came over the network: LiteLLM makes others itself, which have no phrase of
        # a server.
        if "network_stream" in getattr(response, "extensions", {}):
            codes = getattr(
                importlib.import_module(type(response).__module__.partition(".")[0]), "codes", None
            )
            return getattr(codes, "get_reason_phrase", None)
        exc = exc.__cause__ or exc.__context__
    return None


def _nothing(reason: str) -> Sequence[Variant]:
    raise CannotBuild(reason)
