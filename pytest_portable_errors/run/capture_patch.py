"""Wraps methods of pytest and unittest, so that the exceptions which a test catches are seen.

``pytest.raises``, ``RaisesGroup`` and ``assertRaises`` each end in one method of a class. It is
wrapped while a test is watched, and only then, unless ``CapturePatch.keep_open`` is called.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from pytest_portable_errors.run.handled import watching_handled

See = Callable[[BaseException], object]
"""Is called with each exception that is caught; what it returns is ignored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where exceptions are seen. This module is given what is pytest's, and does not import it."""

    exception_info: type[object]
    """``pytest.ExceptionInfo``."""
    raises: Callable[..., Any]
    """``pytest.raises``."""
    kinds: Collection[str] = ("raises", "unittest", "escaped")
    """What is watched: some of ``CAPTURES``; ``handled`` is not among the default."""
    is_ours: Callable[[str], bool] = lambda _: False
    """Tells of a file, by its real path, whether ``handled`` watches its ``except`` clauses."""


@contextlib.contextmanager
def watching(see: See, sources: Sources) -> Iterator[None]:
    """Call ``see`` with each exception that is caught in the block, and undo all patches after.

    ``assertRaises`` is watched only if ``unittest.case`` is imported before the block.
    """
    with contextlib.ExitStack() as patches:
        if "raises" in sources.kinds:
            patches.enter_context(
                _wrapped(sources.exception_info, "fill_unfilled", _seeing_filled(see))
            )
            patches.enter_context(
                _wrapped(
                    sources.exception_info, "from_exception", _seeing_made_by(see, sources.raises)
                )
            )
        unittest = sys.modules.get("unittest.case")
        if unittest is not None and "unittest" in sources.kinds:
            context = type(unittest.TestCase().assertRaises(Exception))  # noqa: PT027  # for its type
            patches.enter_context(_wrapped(context, "__exit__", _seeing_swallowed(see)))
        if "handled" in sources.kinds:
            patches.enter_context(watching_handled(see, sources.is_ours))
        yield


class CapturePatch:
    """Shows what is caught to the test that runs.

    Methods are wrapped for each test alone; after ``keep_open``, once for all of them.
    """

    def __init__(self, sources: Sources, *, is_on_top: Callable[[], bool] = lambda: True) -> None:
        """Find out whether ``pytest.raises`` can be watched, by a probe; nothing stays wrapped.

        Args:
            sources: Where exceptions are seen.
            is_on_top: Whether this run is the innermost one in this process. What is raised while
                pytest runs within pytest, as by ``pytester``, is the inner run's.
        """
        self.sources = sources
        self._is_on_top = is_on_top
        self.is_blind = "raises" in sources.kinds and not can_watch(sources)
        """Whether ``pytest.raises`` is watched, and what it catches cannot be seen: this version of
        pytest is made otherwise than those that we know."""
        self._see: See | None = None
        """Of the test that runs after ``keep_open``; None between tests."""
        self._open_patches: contextlib.ExitStack | None = None
        """What ``keep_open`` wrapped; None if it was not called."""
        self._sees_unittest = False

    def keep_open(self) -> None:
        """Wrap now, and leave it so until ``close``: wrapping for each test costs time."""
        self._open_patches = contextlib.ExitStack()
        self._enter()

    def close(self) -> None:
        """Undo what ``keep_open`` did."""
        if self._open_patches is not None:
            self._open_patches.close()
            self._open_patches = None

    @contextlib.contextmanager
    def showing(self, see: See) -> Iterator[None]:
        """Call ``see`` with each exception that is caught in the block, but for nested runs."""

        def see_own(exc: BaseException) -> None:
            if self._is_on_top():
                see(exc)

        if self._open_patches is None:
            with watching(see_own, self.sources):
                yield
            return
        if not self._sees_unittest and "unittest.case" in sys.modules:
            # A test has imported unittest since the methods were wrapped.
            self._open_patches.close()
            self._enter()
        before, self._see = self._see, see_own
        try:
            yield
        finally:
            self._see = before

    def _enter(self) -> None:
        assert self._open_patches is not None
        self._sees_unittest = "unittest.case" in sys.modules
        self._open_patches.enter_context(watching(self._show, self.sources))

    def _show(self, exc: BaseException) -> None:
        if self._see is not None:
            self._see(exc)


def can_watch(sources: Sources) -> bool:
    """Whether ``watching`` sees what ``pytest.raises`` catches, found out by a probe.

    ``watching`` relies on how pytest is made inside, which may change.
    """

    class Probe(Exception):
        """Raised to be seen."""

    captured: list[BaseException] = []
    with watching(captured.append, sources), sources.raises(Probe):
        raise Probe
    return len(captured) == 1


@contextlib.contextmanager
def _wrapped(owner: type[object], name: str, wrap: Callable[[object], object]) -> Iterator[None]:
    original = vars(owner)[name]
    setattr(owner, name, wrap(original))
    try:
        yield
    finally:
        setattr(owner, name, original)


def _seeing_filled(see: See) -> Callable[[object], object]:
    """Wraps ``ExceptionInfo.fill_unfilled``.

    There ``pytest.raises`` and ``RaisesGroup`` put what they caught.
    """

    def wrap(original: Any) -> Any:
        def fill_unfilled(self: object, exc_info: Any) -> None:
            original(self, exc_info)
            see(exc_info[1])

        return fill_unfilled

    return wrap


def _seeing_made_by(see: See, raises: Callable[..., object]) -> Callable[[Any], object]:
    """Wraps ``ExceptionInfo.from_exception``.

    The callable form of ``pytest.raises`` calls it before pytest 8.4, and ``fill_unfilled`` not.
    """

    def wrap(original: classmethod[object, Any, object]) -> object:
        def from_exception(cls: Any, exception: BaseException, *args: Any, **kwargs: Any) -> Any:
            if sys._getframe(1).f_code is raises.__code__:
                see(exception)
            return original.__func__(cls, exception, *args, **kwargs)

        return classmethod(from_exception)

    return wrap


def _seeing_swallowed(see: See) -> Callable[[object], object]:
    """Wraps ``__exit__`` of the context that ``TestCase.assertRaises`` makes.

    Both of its forms, with a callable and with a block, end there.
    """

    def wrap(original: Any) -> Any:
        def exit_(
            self: object, exc_type: object, exc: BaseException | None, traceback: object
        ) -> object:
            swallowed = original(self, exc_type, exc, traceback)
            if swallowed and exc is not None:
                see(exc)
            return swallowed

        return exit_

    return wrap
