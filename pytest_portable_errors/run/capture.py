"""Sees the exceptions that a test raises: those caught by ``pytest.raises``, ``RaisesGroup`` and
``assertRaises``, and if asked by any.

Each of these ends in one method of a class, which is wrapped while a test is watched, and only
then. What escapes the test is handed in by the plugin.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import Protocol

from pytest_portable_errors.judging.shapes import Outline, outline_of, shape_of
from pytest_portable_errors.receiver.fields import own_dict, type_name
from pytest_portable_errors.sender.copies import copy_without_traceback
from pytest_portable_errors.sender.extent import SOME, extent_of
from pytest_portable_errors.sender.garbage import uncollected
from pytest_portable_errors.sender.outgoing import (
    Outgoing,
    describe_and_pickle_by_each,
    dict_restored,
)
from pytest_portable_errors.sender.serializers import Serializer


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
    with dict_restored(exc):
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
