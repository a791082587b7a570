"""What is asked of a receiver: to rebuild a payload, and to describe what arrives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from pytest_portable_errors.diagnosis.pickle_reader import content
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.receiver import messages
from pytest_portable_errors.receiver.described import Name
from pytest_portable_errors.receiver.values import DEPTH
from pytest_portable_errors.receiver_names import NAMED_RECEIVERS
from pytest_portable_errors.sender.paths import locations
from pytest_portable_errors.sender.serializers import PICKLE_LOADER, Serializer

Content = tuple[str, tuple[str, ...], bool, int, bool, float, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A payload, and what is asked of a receiver."""

    receiver: str
    payload: bytes
    serializer: Serializer
    names: Sequence[Name]
    """The globals that the payload imports, in their order."""
    timeout: float
    """Seconds of processor time."""
    traceback: bool
    depth: int = DEPTH
    """How deep the values of what arrives are described: as deep as those of what was sent."""
    names_are_cut: bool = False
    """Whether the payload was too long to read all names."""
    replay: bool = False
    """Whether to say how far loads comes, and nothing else."""

    @property
    def needs(self) -> tuple[str, ...]:
        """What of the serializer's needs this payload may come to use: none, if pickle loads it and
        it names nothing of them.

        So most payloads of pickle and cloudpickle are the same request.
        """
        needs = self.serializer.needs
        tops = {need.partition(".")[0] for need in needs}
        is_plain = self.serializer.loader == PICKLE_LOADER and self.receiver in NAMED_RECEIVERS
        if self.names_are_cut and any(top.encode() in self.payload for top in tops):
            return needs
        return (
            ()
            if is_plain and tops.isdisjoint(module.partition(".")[0] for module, _ in self.names)
            else needs
        )

    @property
    def is_plain(self) -> bool:
        """Whether a receiver that is named loads it with pickle itself."""
        return (
            self.serializer.loader == PICKLE_LOADER
            and not self.replay
            and self.receiver in NAMED_RECEIVERS
        )

    @property
    def content(self) -> Content:
        """What the answer depends on."""
        return (
            self.serializer.loader,
            self.needs,
            self.traceback,
            self.depth,
            self.replay,
            self.timeout,
            sha256(content(self.payload)).digest(),
        )

    def head(self) -> messages.Head:
        """The request as the receiver reads it. Raises PortableErrorsError when what the serializer
        needs is not installed here."""
        modules = import_steps(
            [self.serializer.loader.partition(":")[0], *(module for module, _ in self.names)]
        )
        is_named = self.receiver in NAMED_RECEIVERS
        return {
            "modules": modules,
            "imports": modules,
            # A receiver that is named has what the serializer needs, from here; another interpreter
            # has its own, or lacks it.
            "needs": _needed(self.needs) if is_named else {},
            "requires": [] if is_named else list(self.needs),
            "payload": True,
            "loader": self.serializer.loader,
            "names": list(self.names),
            "names_are_cut": self.names_are_cut,
            "timeout": self.timeout,
            "traceback": self.traceback,
            "depth": self.depth,
            "replay": self.replay,
        }


def import_steps(modules: Sequence[str]) -> list[str]:
    """In their order, each after the top of its package, so that branches for two modules of
    LiteLLM share one."""
    return list(
        dict.fromkeys(step for module in modules for step in (module.partition(".")[0], module))
    )


def _needed(needs: Sequence[str]) -> dict[str, tuple[str | None, list[str] | None]]:
    try:
        return locations(needs)
    except PortableErrorsError as error:
        raise PortableErrorsError(f"the serializer needs what is not there: {error}") from error
