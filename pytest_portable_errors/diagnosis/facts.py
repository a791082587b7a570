"""What a diagnosis starts from."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

from pytest_portable_errors.diagnosis.findings import Diagnosis
from pytest_portable_errors.diagnosis.loss import Loss
from pytest_portable_errors.diagnosis.masking import Mask
from pytest_portable_errors.diagnosis.pickle_machine import Call, Global
from pytest_portable_errors.diagnosis.pickle_reader import Reading
from pytest_portable_errors.receiver.described import ErrorRecord, Missing, Record, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpicklable:
    """A value that dumps could not pickle."""

    path: str
    """``exc.client.pool[0]``; empty if it lies too far inside to be looked for."""
    type: str
    """``_thread.lock``; empty likewise."""
    module: str = field(default="", compare=False)
    """Where it is defined: a function's own module, or its class's."""

    def __str__(self) -> str:
        return (
            f"{self.path} ({self.type})"
            if self.path
            else "a value far inside, behind thousands of others,"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadsFailure:
    """Where in the payload loads failed."""

    path: str
    """What was being rebuilt: ``exc.__cause__``."""
    opcode: str
    subject: Global | Call
    """The name that was to be imported, the call that was to be made, or the call whose state was
    to be restored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reducer:
    """The function by which the instances of a class are pickled, where somebody wrote one."""

    place: str
    """``copyreg``, or the name of the method: ``__reduce__``."""
    name: str
    """The function's: ``PaymentError.__reduce__``."""
    module: str
    """The module that the function is written in."""
    file: str
    """Empty if it is not written in Python."""
    location: str
    """``file:line``, short."""
    beside_class: bool
    """Whether it stands where its class does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithProject:
    """How the same payload fared in another receiver."""

    losses: tuple[Loss, ...]
    diagnosis: Diagnosis | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a trip that lost something."""

    stage: Stage
    """Where the trip ended."""
    cls: type
    """The class that was sent."""
    sent: Record
    received: Record | None = None
    """None if it did not arrive."""
    losses: tuple[Loss, ...]
    reading: Reading
    """The payload's opcodes; empty if there is no payload."""
    error: ErrorRecord | None
    """The error that stopped it: ``type``, ``message`` and, for an import, ``module``."""
    missing: tuple[Missing, ...] = ()
    """Names of the payload that the receiver lacks."""
    unpicklable: Unpicklable | None = None
    """The value that cannot be pickled."""
    failure: LoadsFailure | None = None
    """Where loads failed; None if that could not be found out, or was not asked because the
    structure tells."""
    reducer: Reducer | None = None
    """What pickles the class, if it is not Python's own ``__reduce__``."""
    from_tests: bool = False
    """Whether that reducer was brought by a test module or conftest, and not by the class."""
    with_project: WithProject | None = None
    """How the same payload fared where the project is installed; None if that was not tried."""
    defined_in_test: bool = False
    """Whether the class that is missing is defined in a test module, which every receiver lacks."""
    how: str | None = None
    """How the receiver's process ended."""
    mask: Mask = field(default_factory=Mask)
    """Hides the credentials that were found."""

    @property
    def reduce_method(self) -> Any:
        """The class's own ``__reduce_ex__`` or ``__reduce__``, if it is written in Python. A
        FunctionType or None; mypy would bind it."""
        for name in ("__reduce_ex__", "__reduce__"):
            method: object = getattr(self.cls, name, None)
            if isinstance(method, FunctionType):
                return method
        return None
