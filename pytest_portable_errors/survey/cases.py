"""Cases: one exception class and what it is pickled with, of a suite or of the survey."""

from __future__ import annotations

import functools
import os
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Protocol

from pytest_portable_errors.building.build import CannotBuild, Variant
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.sender.outgoing import Outgoing, describe_and_pickle_by_each
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.registry import Serializers

ENTRY_POINTS = "pytest_portable_errors.suites"
"""The group of entry points in which packages offer suites."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An exception class, and how its instances are made."""

    name: str
    """Name of the case: the class's name, unique in the suite; of a surveyed class dotted."""
    origin: str
    """How its instances come about: ``raised-429``; empty if they are built."""
    instances: Callable[[], Sequence[Variant]]
    """Makes the instances, at least one; raises CannotBuild with the reason."""


class Suite(Protocol):
    """A function that finds the subjects of a library that is installed."""

    def __call__(self, receivers: Receivers, receiver_names: Sequence[str], /) -> Iterable[Subject]:
        """Give the subjects, in an order that is the same in every process.

        Best a generator that gives first what is made quickly: exceptions are sent while it runs.

        Args:
            receivers: Those of this process: the suite may have them import what its subjects need
                (``prepare``) while it imports the same.
            receiver_names: The receivers to which the exceptions will be sent.

        Raises:
            PortableErrorsError: The library is not installed; the message says how to install it.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One class, and what it is pickled with."""

    subject: Subject
    serializers: tuple[str, ...]
    is_surveyed: bool = False
    """Whether it is of the survey, and judged like what tests raise, and not of a suite."""

    @property
    def id(self) -> str:
        """``RateLimitError[raised-429-pickle]``; of a surveyed class ``shop.errors.PaymentError``.

        A surveyed class has one case for all serializers.
        """
        return self.subject.name if self.is_surveyed else f"{self.subject.name}[{self.label}]"

    @property
    def label(self) -> str:
        """What stands between the brackets of ``id``: origin and serializers."""
        return "-".join(filter(None, (self.subject.origin, *self.serializers)))

    def outgoing(
        self, serializers: Serializers, *, traceback: bool
    ) -> list[tuple[str, list[Outgoing]]]:
        """Make the instances, then describe and pickle each.

        Args:
            serializers: Those of the run, among which the case finds its own by name.
            traceback: Whether tracebacks are described as well.

        Returns:
            ``(how it was built, the exception as each serializer pickled it)`` for each instance.

        Raises:
            CannotBuild: No instance could be made; the reason is its text.
            PortableErrorsError: There is no serializer of a name.
        """
        chosen = [serializers.find(name) for name in self.serializers]
        return [
            (variant.how, describe_and_pickle_by_each(variant.exc, chosen, traceback=traceback))
            for variant in self.subject.instances()
        ]


def suite_names() -> list[str]:
    """Names of the suites that are installed, sorted: this plugin's and those of other packages."""
    return sorted(_entry_points())


def find_suite(name: str) -> Suite:
    """Load the suite of this name, this plugin's or another package's.

    Raises:
        PortableErrorsError: There is none; the message lists the suites that are installed.
    """
    entries = _entry_points()
    if name not in entries:
        raise PortableErrorsError(
            f"unknown suite {name!r}: expected one of {', '.join(suite_names())}"
        )
    suite: Suite = entries[name].load()
    return suite


def _entry_points() -> dict[str, metadata.EntryPoint]:
    return {entry.name: entry for entry in metadata.entry_points(group=ENTRY_POINTS)}


def subjects_of(
    name: str, receivers: Receivers, receiver_names: Sequence[str]
) -> Iterator[Subject]:
    """The subjects of a suite, as it finds them.

    Raises:
        PortableErrorsError: There is no suite of this name, or its library is not installed. Or the
            suite fails, also after some subjects: its library may be of a version that nobody has
            seen, and what it raised until then is to be checked.
    """
    suite = find_suite(name)
    try:
        yield from suite(receivers, receiver_names)
    except PortableErrorsError:
        raise
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        raise PortableErrorsError(
            f"the suite {name} has ended early: {type(error).__name__}: {error} "
            f"({os.path.basename(last.filename)}:{last.lineno}); the rest of it was not checked"
        ) from error


def cases_of(
    name: str,
    receivers: Receivers,
    *,
    serializers: Sequence[str],
    receiver_names: Sequence[str],
    found: Callable[[Case], object],
) -> list[Case]:
    """The cases of a suite: all of the first serializer, then all of the next.

    Most payloads of pickle and cloudpickle are the same, so the second round costs little. Where
    the suite ends early, the last case is one that cannot be made, and says why.

    Args:
        name: Name of the suite.
        receivers: Those of this process.
        serializers: Names; at least one.
        receiver_names: The receivers to which the exceptions will be sent.
        found: Called with each case of the first serializer while the suite finds further subjects.

    Raises:
        PortableErrorsError: There is no suite of this name, its library is not installed, or the
            suite fails before it gives a subject.
    """
    subjects: list[Subject] = []
    try:
        for subject in subjects_of(name, receivers, receiver_names):
            subjects.append(subject)
            found(Case(subject=subject, serializers=(serializers[0],)))
    except PortableErrorsError as error:
        if not subjects:
            raise
        rest = functools.partial(_not_made, error)
        subjects.append(Subject(name="the-rest", origin="", instances=rest))
    return [
        Case(subject=subject, serializers=(serializer,))
        for serializer in serializers
        for subject in subjects
    ]


def _not_made(error: PortableErrorsError) -> Sequence[Variant]:
    raise error


__all__ = [
    "CannotBuild",
    "Case",
    "Subject",
    "Suite",
    "cases_of",
    "find_suite",
    "subjects_of",
    "suite_names",
]
