"""Ready-made cases: somebody else's exception classes, one case for each class and serializer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Protocol

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.sender.outgoing import Outgoing, describe_and_pickle_by_each
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.registry import Serializers
from pytest_portable_errors.survey.build import CannotBuild, Variant

ENTRY_POINTS = "pytest_portable_errors.suites"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An exception class, and how to come by instances of it."""

    name: str
    """What the case is called by: the class's name, unique in the suite."""
    origin: str
    """How its instances come about, empty if they are built: ``raised-429``."""
    instances: Callable[[], Sequence[Variant]]
    """Makes them. Raises CannotBuild with the reason."""


class Suite(Protocol):
    """A suite is a function that finds the subjects in what is installed.

    It is given the process's receivers, to have them import what the subjects will need while it
    does the same. It raises PortableErrorsError, saying how to install it, when the library is
    missing.
    """

    def __call__(self, receivers: Receivers, receiver_names: Sequence[str], /) -> Iterable[Subject]:
        """The subjects, in an order that is the same in every process; best as a generator, those
        that come about quickly first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One class, and what it is pickled with."""

    subject: Subject
    serializers: tuple[str, ...]
    is_surveyed: bool = False
    """Whether it is judged as what tests raise is, and not as a suite's."""

    @property
    def id(self) -> str:
        """``RateLimitError[raised-429-pickle]``; a class that is surveyed has one case,
        ``shop.errors.PaymentError``."""
        return self.subject.name if self.is_surveyed else f"{self.subject.name}[{self.label}]"

    @property
    def label(self) -> str:
        """What stands between the brackets."""
        return "-".join(filter(None, (self.subject.origin, *self.serializers)))

    def outgoing(
        self, serializers: Serializers, *, traceback: bool
    ) -> list[tuple[str, list[Outgoing]]]:
        """Build the variants, and pickle each: ``(how it was built, by each serializer)``.

        Raises CannotBuild with the reason when there is no variant.
        """
        chosen = [serializers.find(name) for name in self.serializers]
        return [
            (variant.how, describe_and_pickle_by_each(variant.exc, chosen, traceback=traceback))
            for variant in self.subject.instances()
        ]


def suite_names() -> list[str]:
    """Names of the suites that are installed, ours and plugins'."""
    return sorted({entry.name for entry in metadata.entry_points(group=ENTRY_POINTS)})


def find_suite(name: str) -> Suite:
    """The suite of that name, ours or a plugin's.

    Raises PortableErrorsError that lists the suites there are.
    """
    found = {entry.name: entry for entry in metadata.entry_points(group=ENTRY_POINTS)}
    if name not in found:
        raise PortableErrorsError(
            f"unknown suite {name!r}: expected one of {', '.join(suite_names())}"
        )
    suite: Suite = found[name].load()
    return suite


def cases_of(
    name: str,
    receivers: Receivers,
    *,
    serializers: Sequence[str],
    receiver_names: Sequence[str],
    found: Callable[[Case], object],
) -> list[Case]:
    """The cases of a suite, one for each subject and serializer; all of one serializer, then all of
    the next.

    Most payloads of pickle and cloudpickle are the same, so the second round costs little.
    ``found`` is told each case of the first while the suite goes on. Raises PortableErrorsError
    when there is no such suite, or when its library is not installed.
    """
    subjects = []
    for subject in find_suite(name)(receivers, receiver_names):
        subjects.append(subject)
        found(Case(subject=subject, serializers=(serializers[0],)))
    return [
        Case(subject=subject, serializers=(serializer,))
        for serializer in serializers
        for subject in subjects
    ]


__all__ = ["CannotBuild", "Case", "Subject", "Suite", "cases_of", "find_suite"]
