"""What is asked of a receiver: to rebuild a payload and to describe what arrives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from pytest_portable_errors.diagnosis.pickle_reader import content
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.receiver import messages
from pytest_portable_errors.receiver.budget import DEPTH
from pytest_portable_errors.receiver.described import Name
from pytest_portable_errors.receiver_names import NAMED_RECEIVERS
from pytest_portable_errors.sender.paths import locations
from pytest_portable_errors.sender.serializers import PICKLE_LOADER, Serializer

Content = tuple[
    str, tuple[str, ...], bool, int, bool, str, tuple[str, ...] | None, bool, float, bytes
]
"""See ``Request.content``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A payload, and what is asked of a receiver."""

    receiver: str
    """``without-project``, ``stdlib``, ``with-project``, or the path of an interpreter."""
    payload: bytes
    serializer: Serializer
    names: Sequence[Name]
    """The globals that the payload imports, in their order."""
    timeout: float
    """Seconds of processor time."""
    traceback: bool
    """Whether the traceback of what arrives is described as well."""
    depth: int = DEPTH
    """How many levels deep the values of what arrives are described: as many as those of what was
    sent."""
    names_are_cut: bool = False
    """Whether the payload was too long to read all names."""
    replay: bool = False
    """Whether to say at which opcode loads fails, and nothing else."""
    again: str = ""
    """What the receiver pickles it with again, ``module:protocol``; empty: it does not."""
    bases: tuple[str, ...] | None = None
    """Of what an earlier release has pickled the bases that its class had then: the receiver says
    also what its code expects of what arrives (``Answer.today``). None: it does not."""
    subject: str = ""
    """What it belongs to: payloads of one subject are rebuilt in one process, one after the other.
    Empty: in a process of its own, as long as another has left anything behind."""
    is_fresh: bool = False
    """Whether it has a process of its own all the same: what is told as proved is proved so."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Modules of the serializer's that this payload may use.

        They are none if pickle loads it in a receiver that is named, and it names nothing of them;
        so most payloads of pickle and cloudpickle are the same request.
        """
        needs = self.serializer.needs
        tops = {module.partition(".")[0] for module in needs}
        is_plain = (
            self.serializer.loader == PICKLE_LOADER
            and self.receiver in NAMED_RECEIVERS
            and not self.again
        )
        if self.names_are_cut and any(top.encode() in self.payload for top in tops):
            return needs
        return (
            ()
            if is_plain and tops.isdisjoint(module.partition(".")[0] for module, _ in self.names)
            else needs
        )

    @property
    def is_plain(self) -> bool:
        """Whether a receiver that is named rebuilds it by ``pickle.loads``, and not by a replay."""
        return (
            self.serializer.loader == PICKLE_LOADER
            and not (self.replay or self.bases is not None)
            and self.receiver in NAMED_RECEIVERS
        )

    @property
    def content(self) -> Content:
        """All that the answer of one receiver depends on; requests with equal content are equal.

        A subject is no part of it: what others have left behind is no answer's business.
        """
        return (
            self.serializer.loader,
            self.needs,
            self.traceback,
            self.depth,
            self.replay,
            self.again,
            self.bases,
            self.is_fresh,
            self.timeout,
            sha256(content(self.payload)).digest(),
        )

    def head(self) -> messages.Head:
        """Return the request as the receiver reads it, but for its number.

        Raises:
            PortableErrorsError: What the serializer needs is not installed here.
        """
        modules = import_steps(
            [self.serializer.loader.partition(":")[0], *(module for module, _ in self.names)]
        )
        is_named = self.receiver in NAMED_RECEIVERS
        return {
            "modules": modules,
            "imports": modules,
            # A receiver that is named gets what the serializer needs from here; another interpreter
            # has its own, or lacks it.
            "needs": _located(self.needs) if is_named else {},
            "requires": [] if is_named else list(self.needs),
            "payload": True,
            "loader": self.serializer.loader,
            "names": list(self.names),
            "names_are_cut": self.names_are_cut,
            "timeout": self.timeout,
            "traceback": self.traceback,
            "depth": self.depth,
            "replay": self.replay,
            "again": self.again,
            "today": None if self.bases is None else {"bases": list(self.bases)},
            "subject": self.subject,
            "fresh": self.is_fresh,
        }


def import_steps(modules: Sequence[str]) -> list[str]:
    """Return the modules to import, each after the top of its package, in order and once.

    So the branches for two modules of LiteLLM share one for ``litellm``. A module whose name has a
    colon is left for loads to import: a step with a colon is a call of the consumer's start-up.
    """
    steps = (step for module in modules for step in (module.partition(".")[0], module))
    return [step for step in dict.fromkeys(steps) if ":" not in step]


def _located(needs: Sequence[str]) -> dict[str, tuple[str | None, list[str] | None]]:
    """As ``locations`` gives it. Raises PortableErrorsError for a module that is not there."""
    try:
        return locations(needs)
    except PortableErrorsError as error:
        raise PortableErrorsError(f"the serializer needs what is not there: {error}") from error
