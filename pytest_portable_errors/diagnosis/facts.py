"""What a diagnosis starts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pytest_portable_errors.diagnosis.findings import Diagnosis
from pytest_portable_errors.diagnosis.losses import Loss
from pytest_portable_errors.diagnosis.payload import Reading
from pytest_portable_errors.receiver.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """How the same payload fared in another receiver."""

    losses: tuple[Loss, ...]
    diagnosis: Diagnosis | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a trip that lost something."""

    stage: str
    """``dumps``, ``loads``, ``timed-out``, ``crashed`` or ``arrived``."""
    cls: type
    """The class that was sent."""
    sent: Record
    losses: tuple[Loss, ...]
    reading: Reading
    """The payload's opcodes; empty if there is no payload."""
    error: dict[str, Any] | None
    """The error that stopped it: ``type``, ``message`` and, for an import, ``module``."""
    missing: tuple[tuple[str, str, str | None], ...] = ()
    """Names of the payload that the receiver lacks: module, qualname, and the module whose import failed (None: it is there)."""
    unpicklable: str | None = None
    """Path and type of the value that cannot be pickled: ``exc.lock (_thread.lock)``."""
    with_project: Elsewhere | None = None
    """How the same payload fared where the project is installed; None if that was not tried."""
    defined_in_test: bool = False
    """Whether the class that is missing is defined in a test module, which every receiver lacks."""
    how: str | None = None
    """How the receiver's process ended."""
