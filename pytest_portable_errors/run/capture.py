"""Sees the exceptions that a test raises: those caught by ``pytest.raises``, ``RaisesGroup`` and
``assertRaises``, and if asked by any.

Each of these ends in one method of a class, which is wrapped while a test is watched, and only
then. What escapes the test is handed in by the plugin.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import weakref
from collections.abc import Callable, Collection, Hashable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from pytest_portable_errors.judging.shapes import Outline, outline_of, shape_of
from pytest_portable_errors.receiver.fields import own_dict, type_name
from pytest_portable_errors.run.handled import watching_handled
from pytest_portable_errors.sender.copies import copy_without_traceback
from pytest_portable_errors.sender.extent import SOME, extent_of
from pytest_portable_errors.sender.garbage import uncollected
from pytest_portable_errors.sender.outgoing import Outgoing, describe_and_pickle_by_each, unchanged
from pytest_portable_errors.sender.serializers import Serializer

See = Callable[[BaseException], object]


class Experience(Protocol):
    """What is known of exceptions that other tests met."""

    def is_settled(self, shape: Hashable, /) -> bool:
        """Whether enough of that shape have travelled."""

    def may_look_at(self, extent: int, /) -> bool:
        """Whether there is time to look at an exception that holds so many objects."""

    def look(self, shape: Hashable | None, extent: int, /) -> None:
        """Count an exception that is looked at, and the objects that it holds."""


@dataclass(slots=True, kw_only=True)
class CapturedExceptions:
    """The exceptions of one test, each once, described and pickled at once. No reference to one is
    kept, but a copy to try fixes on."""

    serializers: tuple[Serializer, ...]
    traceback: bool
    outcomes: tuple[type[BaseException], ...]
    """pytest's skip, fail, xfail and exit, which are no errors."""
    primitive: bool = False
    """Whether values that are not primitive are looked for."""
    skips: Callable[[type[BaseException]], bool] = lambda _: False
    """Classes whose exceptions nobody wants to see checked."""
    settled_shapes: Experience | None = None
    """What is known of exceptions that others met. None: each is to travel."""
    not_looked_at: list[str] = field(default_factory=list)
    """Types of the exceptions for which there was no time."""
    skipped_shapes: list[Hashable] = field(default_factory=list)
    """Shapes of the exceptions that did not have to."""
    outgoing: list[list[Outgoing]] = field(default_factory=list)
    """For each exception one outgoing by serializer."""
    _seen: dict[int, tuple[Callable[[BaseException], bool], list[Outgoing]]] = field(
        default_factory=dict
    )
    """By ``id``: another object of that id may come later, when the first is gone."""
    _looking: set[int] = field(default_factory=set)
    """Threads that describe an exception. What its own code raises and catches meanwhile is not
    what the test raised."""

    def see(self, exc: BaseException) -> list[Outgoing]:
        """Describe and pickle an exception, unless that was done."""
        thread = threading.get_ident()
        # its __class__ may be anything
        if thread in self._looking or issubclass(type(exc), (*self.outcomes, KeyboardInterrupt)):
            return []
        is_it, outgoing = self._seen.get(id(exc), (None, []))
        if is_it is not None and is_it(exc):
            return outgoing
        self._looking.add(thread)
        try:
            with uncollected():
                return [] if self.skips(type(exc)) else self._described(exc)
        finally:
            self._looking.discard(thread)

    def forget(self) -> None:
        """Let go of everything: copies hold the values of their exceptions."""
        self.outgoing.clear()
        self.skipped_shapes.clear()
        self.not_looked_at.clear()
        self._seen.clear()

    def _described(self, exc: BaseException) -> list[Outgoing]:
        outgoing: list[Outgoing] = []
        # now: another thread may catch the same one
        self._seen[id(exc)] = (_recognizer(exc), outgoing)
        extent = shape = None
        if self.settled_shapes is not None:
            shape = shape_of(exc)
            if shape is None:
                extent = extent_of(exc)
                shape = _outline_of(exc, extent)
            if shape is not None and self.settled_shapes.is_settled(shape):
                self.skipped_shapes.append(shape)
                return outgoing
            if extent is not None:
                if not self.settled_shapes.may_look_at(extent):
                    self.not_looked_at.append(type_name(type(exc)))
                    return outgoing
                self.settled_shapes.look(shape, extent)
        copied = copy_without_traceback(exc)
        begun = describe_and_pickle_by_each(
            exc, self.serializers, traceback=self.traceback, primitive=self.primitive, extent=extent
        )
        outgoing += [replace(outgoing, subject=copied, shape=shape) for outgoing in begun]
        self.outgoing.append(outgoing)
        return outgoing


def _outline_of(exc: BaseException, extent: int) -> Outline | None:
    """None for one that holds too little to be told apart by it."""
    if extent < SOME:
        return None
    with unchanged(exc):
        return outline_of(exc, extent)


def _recognizer(exc: BaseException) -> Callable[[BaseException], bool]:
    """Tells whether it is given the same object again, without keeping the object: its traceback
    would keep every frame alive.

    Built-in exceptions cannot be referenced weakly. Their ``__dict__`` is theirs alone, and for
    them holds next to nothing.
    """
    try:
        reference = weakref.ref(exc)
    except TypeError:
        own = own_dict(exc)
        return lambda other: own_dict(other) is own
    return lambda other: reference() is other


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
