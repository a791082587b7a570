"""What comparing two records gives."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """One difference between the record sent and the record received."""

    kind: str
    """``arrival`` (the trip stopped), or the check that it failed. What a link of the chain lost is
    ``chain``; a member, ``members``."""
    path: str
    """Where: ``exc.__cause__.code``."""
    sent: str
    """What was there, on one line."""
    received: str
    """What is there now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What comparing two records gave."""

    losses: tuple[Loss, ...]
    declared: tuple[Loss, ...]
    """Losses that ``arrives_as`` declares, and thereby waives."""
