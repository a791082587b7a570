"""What comparing two records gives: losses."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """One difference between the record sent and the record received."""

    kind: str
    """``arrival`` (nothing arrived, or only by a reducer of the tests), or the check that failed.
    What a link of the chain lost is ``chain``; a member, ``members``."""
    path: str
    """Where: ``exc.__cause__.code``; ``message`` for the exception's own text."""
    sent: str
    """What was sent, on one line; ``missing`` if the value was not there."""
    received: str
    """What was received, on one line; ``missing`` if the value was not there."""
    hop: int = 1
    """The hop on which it was lost, from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The differences between two records: losses, and those that are declared."""

    losses: tuple[Loss, ...]
    """Without the declared ones; empty if it arrived whole."""
    declared: tuple[Loss, ...]
    """Losses of args and attributes, which ``arrives_as`` waives."""
