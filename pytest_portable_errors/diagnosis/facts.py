"""What a diagnosis starts from."""

from __future__ import annotations

from dataclasses import dataclass, field

from pytest_portable_errors.diagnosis.findings import Diagnosis
from pytest_portable_errors.diagnosis.loss import Loss
from pytest_portable_errors.diagnosis.masking import Mask
from pytest_portable_errors.diagnosis.pickle_machine import Call, Global
from pytest_portable_errors.diagnosis.pickle_reader import Reading
from pytest_portable_errors.receiver.described import ErrorRecord, Missing, Record, Stage
from pytest_portable_errors.receiver.escaped import escaped

FoundClass = type
"""A name for it where a field is called ``type``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpicklable:
    """A value that dumps could not pickle."""

    path: str
    """``exc.client.pool[0]``; empty if it lies too far inside to be looked for."""
    type: str
    """Full name: ``_thread.lock``; empty if ``path`` is."""
    module: str = field(default="", compare=False)
    """Where it is defined: a function's own module, or its class's. Empty if that is not known."""
    unfound_class: FoundClass | None = field(default=None, compare=False)
    """The class, if the value is the class of an exception that is held, which is not found under
    its name."""

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
    """Its name in ``pickletools``: ``BUILD``."""
    subject: Global | Call
    """The name that was to be imported, the call that was to be made, or the call whose state was
    to be restored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reducer:
    """The function by which the instances of a class are pickled, where somebody wrote one."""

    place: str
    """``copyreg``, or the name of the method: ``__reduce__``."""
    name: str
    """The function's own: ``PaymentError.__reduce__``."""
    owner: str
    """Qualified name of the class that has the method; empty if ``place`` is ``copyreg``."""
    module: str
    """The module that the function is written in; empty if it does not say."""
    file: str
    """The function's file, as its code has it; empty if it is not written in Python."""
    location: str
    """``file:line``, the file as an import would name it; empty if it is not written in Python."""
    beside_class: bool
    """Whether its module is that of the class that defines it, or that ``copyreg`` has it for."""

    @property
    def title(self) -> str:
        """What to call it: the method as pickle finds it, whatever the function calls itself."""
        return escaped(f"{self.owner}.{self.place}" if self.owner else self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class WithProject:
    """How the same payload fared in the receiver that has the project."""

    losses: tuple[Loss, ...]
    """What was lost there; empty if it arrived whole."""
    diagnosis: Diagnosis | None
    """Why; None if nothing was lost there, or no rule explains it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a trip that lost something."""

    stage: Stage
    """Where the trip ended."""
    cls: type
    """The class of the exception that was sent."""
    sent: Record
    """The record of what was sent."""
    received: Record | None = None
    """The record of what arrived; None if nothing did."""
    losses: tuple[Loss, ...]
    """What was lost, without what is declared to be."""
    reading: Reading
    """The payload's opcodes; empty if there is no payload."""
    error: ErrorRecord | None
    """The error that stopped it: ``type``, ``message`` and, for an import, ``module``. None if
    none was raised."""
    missing: tuple[Missing, ...] = ()
    """Names of the payload that the receiver lacks."""
    unpicklable: Unpicklable | None = None
    """The value that cannot be pickled; None if dumps succeeded, or no value is at fault."""
    failure: LoadsFailure | None = None
    """Where loads failed; None if that could not be found out, or was not asked because the
    structure tells."""
    reducer: Reducer | None = None
    """What pickles the class; None if Python's own ``__reduce__`` does."""
    from_tests: bool = False
    """Whether that reducer was brought by a test module or conftest, and not by the class."""
    ends_caller: bool = False
    """Whether a client is given it, and ends by it."""
    with_project: WithProject | None = None
    """How the same payload fared where the project is installed; None if that was not tried."""
    defined_in_test: bool = False
    """Whether the class that is missing is defined in a test module, which every receiver lacks."""
    how: str | None = None
    """How the receiver's process ended; None if it answered."""
    unreadable_here: bool = False
    """Whether ``str()`` fails as well of what the sender itself makes of the payload."""
    mask: Mask = field(default_factory=Mask)
    """Hides the credentials that were found."""

    @property
    def own_reducer(self) -> Reducer | None:
        """The class's own ``__reduce_ex__`` or ``__reduce__``, whatever it is written in.

        None if Python's pickles it, or what ``copyreg`` has.
        """
        return self.reducer if self.reducer is not None and self.reducer.owner else None
