"""What is wrapped of pytest and unittest, so that what a test catches is seen.

Each way to catch an exception ends in one method of a class, which is wrapped while a test is
watched, and only then."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from pytest_portable_errors.run.handled import watching_handled

See = Callable[[BaseException], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where exceptions are seen. Two of them are pytest's; this module does not import it."""

    exception_info: type[object]
    """``pytest.ExceptionInfo``."""
    raises: Callable[..., Any]
    """``pytest.raises``."""
    kinds: Collection[str] = ("raises", "unittest", "escaped")
    """Which of them are watched; also ``handled``."""
    is_ours: Callable[[str], bool] = lambda _: False
    """Of a file, by its real path: whether what its ``except`` clauses handle is to be seen."""


@contextlib.contextmanager
def watching(see: See, sources: Sources) -> Iterator[None]:
    """Show ``see`` what is caught in the block."""
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
            # its type is what is wanted
            context = type(unittest.TestCase().assertRaises(Exception))  # noqa: PT027
            patches.enter_context(_wrapped(context, "__exit__", _seeing_swallowed(see)))
        if "handled" in sources.kinds:
            patches.enter_context(watching_handled(see, sources.is_ours))
        yield


class CapturePatch:
    """Shows what is caught to the test that runs: wrapped for each alone, or once for all of them,
    where all are watched."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.is_blind = "raises" in sources.kinds and not can_watch(sources)
        """Whether this pytest is made otherwise than those that we know, so that what
        ``pytest.raises`` catches cannot be seen."""
        self._see: See | None = None
        self._kept: contextlib.ExitStack | None = None
        self._sees_unittest = False

    def keep_open(self) -> None:
        """Wrap now, and leave it so until ``close``."""
        self._kept = contextlib.ExitStack()
        self._enter()

    def close(self) -> None:
        """Undo what ``keep_open`` did."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    @contextlib.contextmanager
    def showing(self, see: See) -> Iterator[None]:
        """Show ``see`` what is caught in the block."""
        if self._kept is None:
            with watching(see, self.sources):
                yield
            return
        if not self._sees_unittest and "unittest.case" in sys.modules:  # it was imported by a test
            self._kept.close()
            self._enter()
        before, self._see = self._see, see
        try:
            yield
        finally:
            self._see = before

    def _enter(self) -> None:
        assert self._kept is not None
        self._sees_unittest = "unittest.case" in sys.modules
        self._kept.enter_context(watching(self._show, self.sources))

    def _show(self, exc: BaseException) -> None:
        if self._see is not None:
            self._see(exc)


def can_watch(sources: Sources) -> bool:
    """Whether ``watching`` sees what ``pytest.raises`` catches. It stands on how pytest is made,
    which may change."""

    class Probe(Exception):
        pass

    seen: list[BaseException] = []
    with watching(seen.append, sources), sources.raises(Probe):
        raise Probe
    return len(seen) == 1


@contextlib.contextmanager
def _wrapped(owner: type[object], name: str, wrap: Callable[[object], object]) -> Iterator[None]:
    original = vars(owner)[name]
    setattr(owner, name, wrap(original))
    try:
        yield
    finally:
        setattr(owner, name, original)


def _seeing_filled(see: See) -> Callable[[object], object]:
    """``ExceptionInfo.fill_unfilled``: where ``pytest.raises`` and ``RaisesGroup`` put what they
    caught."""

    def wrap(original: Any) -> Any:
        def fill_unfilled(self: object, exc_info: Any) -> None:
            original(self, exc_info)
            see(exc_info[1])

        return fill_unfilled

    return wrap


def _seeing_made_by(see: See, raises: Callable[..., object]) -> Callable[[Any], object]:
    """``ExceptionInfo.from_exception``: the callable form of ``pytest.raises`` before pytest 8.4,
    which fills nothing."""

    def wrap(original: classmethod[object, Any, object]) -> object:
        def from_exception(cls: Any, exception: BaseException, *args: Any, **kwargs: Any) -> Any:
            if sys._getframe(1).f_code is raises.__code__:
                see(exception)
            return original.__func__(cls, exception, *args, **kwargs)

        return classmethod(from_exception)

    return wrap


def _seeing_swallowed(see: See) -> Callable[[object], object]:
    """``__exit__`` of the context that ``TestCase.assertRaises`` gives; both of its forms end
    there."""

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
