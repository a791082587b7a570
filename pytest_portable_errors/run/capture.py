"""The exceptions that a test raised, each described and pickled when it is seen.

``capture_patch.py`` shows those that are caught; ``monitored_test.py`` those that escape the test.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace

from pytest_portable_errors.judging.outlines import identity_of, outline_of
from pytest_portable_errors.judging.shapes import Likeness, SettledExceptions, shape_of
from pytest_portable_errors.receiver.fields import base_field, made_dict, module_of
from pytest_portable_errors.sender.copies import copy_without_traceback
from pytest_portable_errors.sender.extent import held_by
from pytest_portable_errors.sender.garbage import uncollected
from pytest_portable_errors.sender.outgoing import (
    Outgoing,
    describe_and_pickle_by_each,
)
from pytest_portable_errors.sender.serializers import Serializer

_OWN_PACKAGE = __name__.partition(".")[0]


@dataclass(slots=True, kw_only=True)
class CapturedExceptions:
    """The exceptions of one test, each once.

    No exception is kept, but a copy without its traceback, on which fixes are tried.

    Threads share the object, without a lock and with or without a GIL. Each writes under keys of
    its own: its identifier, and the ``id`` of an exception that it holds. To add to a list, a set
    or a dict is one step in CPython, also where it is built without a GIL (PEP 703, "Container
    Thread-Safety"). Two threads that catch one and the same exception may both describe it; the
    later entry stays, and both are sent.
    """

    serializers: tuple[Serializer, ...]
    """Each exception is pickled by each of them."""
    traceback: bool
    """Whether records describe tracebacks."""
    outcomes: tuple[type[BaseException], ...]
    """pytest's skip, fail, xfail and exit, which are no errors."""
    primitive: bool = False
    """Whether values that are not primitive are looked for."""
    skips: Callable[[type[BaseException]], bool] = lambda _: False
    """Tells of a class whether its exceptions are not checked."""
    settled: SettledExceptions | None = None
    """How exceptions of other tests fared. None: each exception is sent."""
    no_time_for: list[Likeness] = field(default_factory=list)
    """By what those exceptions are like others for which there was no time."""
    not_sent: list[Hashable] = field(default_factory=list)
    """For each exception that is not sent, the settled shape or outline that it is judged by."""
    outgoing: list[list[Outgoing]] = field(default_factory=list)
    """For each exception that is sent, one outgoing exception by serializer."""
    _by_id: dict[int, tuple[Callable[[BaseException], bool], list[Outgoing]]] = field(
        default_factory=dict
    )
    """``id`` of an exception -> its recognizer and its outgoing exceptions.

    The recognizer is needed because another object may get the ``id`` when the first is gone.
    """
    _busy_threads: set[int] = field(default_factory=set)
    """Threads that describe an exception. What its own code raises and catches meanwhile is not
    what the test raised."""

    def see(self, exc: BaseException) -> list[Outgoing]:
        """Describe and pickle an exception, unless that was done.

        Returns:
            One outgoing exception by serializer; empty if it is not sent: an outcome of pytest's,
            of a class of this plugin's, of a class or shape that is skipped, for which there was
            no time, or raised while this thread describes another.
        """
        thread = threading.get_ident()
        # issubclass of type(), and not isinstance: the exception's __class__ may be anything.
        if thread in self._busy_threads or issubclass(
            type(exc), (*self.outcomes, KeyboardInterrupt)
        ):
            return []
        if (module_of(type(exc)) or "").partition(".")[0] == _OWN_PACKAGE:
            return []
        is_same, outgoing = self._by_id.get(id(exc), (None, []))
        if is_same is not None and is_same(exc):
            return outgoing
        self._busy_threads.add(thread)
        try:
            with uncollected():
                return [] if self.skips(type(exc)) else self._described(exc)
        finally:
            self._busy_threads.discard(thread)

    @property
    def is_empty(self) -> bool:
        """Whether the test raised nothing that is to be judged."""
        return not (self.outgoing or self.not_sent or self.no_time_for)

    def forget(self) -> None:
        """Let go of everything, because the copies hold the values of their exceptions."""
        self.outgoing.clear()
        self.not_sent.clear()
        self.no_time_for.clear()
        self._by_id.clear()

    def _described(self, exc: BaseException) -> list[Outgoing]:
        outgoing: list[Outgoing] = []
        # Kept before it is described: another thread may catch the same exception meanwhile.
        self._by_id[id(exc)] = (lambda candidate: candidate is exc, outgoing)
        try:
            return self._pickled_by_each(exc, outgoing)
        finally:
            # Not before: it may make a __dict__, which pickle sends.
            self._by_id[id(exc)] = (_recognizer(exc), outgoing)

    def _pickled_by_each(self, exc: BaseException, outgoing: list[Outgoing]) -> list[Outgoing]:
        likeness = held = blamed = None
        if self.settled is not None:
            shape = shape_of(exc)
            if self._is_judged_by(shape):
                return outgoing
            held = held_by(exc)
            outline = outline_of(exc, held)
            if self._is_judged_by(outline):
                return outgoing
            likeness = Likeness(
                cls=identity_of(type(exc)), shape=shape, outline=outline, extent=held.extent
            )
            if not self.settled.may_look_at(likeness):
                self.no_time_for.append(likeness)
                return outgoing
            self.settled.look(likeness)
            blamed = self.settled.blamed(likeness)
        copy = copy_without_traceback(exc)
        by_serializer = describe_and_pickle_by_each(
            exc,
            self.serializers,
            traceback=self.traceback,
            primitive=self.primitive,
            held=held,
            blamed=blamed,
        )
        outgoing += [replace(each, subject=copy, likeness=likeness) for each in by_serializer]
        self.outgoing.append(outgoing)
        return outgoing

    def _is_judged_by(self, key: Hashable | None) -> bool:
        """Whether a shape or outline is settled, so that its exception is not sent; it is noted."""
        if key is None or self.settled is None or self.settled.settling(key) is None:
            return False
        self.not_sent.append(key)
        return True


def _recognizer(exc: BaseException) -> Callable[[BaseException], bool]:
    """A function that tells whether it is given the same object again.

    It does not keep the object, whose traceback would keep every frame alive. Built-in exceptions
    cannot be referenced weakly; instead it keeps their ``args``, or where these are empty, and so
    the same for all, their ``__dict__``: each belongs to one object alone and holds next to
    nothing.
    """
    try:
        reference = weakref.ref(exc)
    except TypeError:
        args = base_field(exc, "args")
        if args:
            return lambda candidate: base_field(candidate, "args") is args
        attributes = made_dict(exc)
        return lambda candidate: made_dict(candidate) is attributes
    return lambda candidate: reference() is candidate
