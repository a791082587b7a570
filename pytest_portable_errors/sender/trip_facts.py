"""What is known of a trip beside its answer: whose class and reducer, and where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pytest_portable_errors.diagnosis.credentials import SEARCHED, CredentialScan
from pytest_portable_errors.diagnosis.facts import Facts
from pytest_portable_errors.diagnosis.pickle_reader import OPCODES, Reading
from pytest_portable_errors.receiver.budget import VALUES
from pytest_portable_errors.receiver.described import Answer, subject_of
from pytest_portable_errors.receiver.fields import module_of
from pytest_portable_errors.receiver.record import is_cut
from pytest_portable_errors.sender.outgoing import Outgoing
from pytest_portable_errors.sender.pending_trip import PendingTrip
from pytest_portable_errors.sender.project import Project
from pytest_portable_errors.sender.repaired import rebuilt
from pytest_portable_errors.sender.serializers import PICKLE_LOADER


def has_reducer_of_tests(pending: PendingTrip) -> bool:
    """Whether a test module or conftest brought the reducer that pickles it."""
    reducer, project = pending.outgoing.reducer, pending.receivers.project
    if reducer is None or reducer.beside_class:
        return False
    return project.is_test_code(reducer.module, reducer.file)


def is_unreadable_here(outgoing: Outgoing, answer: Answer) -> bool:
    """Whether ``str()`` fails in the receiver, and of what this process makes of the payload, too.

    The receiver has rebuilt it, so that can be done here: it neither hangs nor crashes. What
    ``rebuilt`` leaves alone is taken to fail: it may lack what its text lacks.
    """
    received = subject_of(answer["record"]) if "record" in answer else None
    if (
        received is None
        or "raises" not in received["message"]
        or "raises" in subject_of(outgoing.sent)["message"]
        or outgoing.serializer.loader != PICKLE_LOADER
    ):
        return False
    exc = rebuilt(outgoing.payload or b"", with_finalizers=False)
    try:
        str(exc)
    except KeyboardInterrupt:
        raise
    except BaseException:  # foreign code
        return True
    return exc is None


def is_of_tests(pending: PendingTrip) -> bool:
    """Whether a test defines the class, or made what cannot be pickled."""
    project = pending.receivers.project
    return project.is_test(module_of(pending.outgoing.cls) or "?") or _holds_test_object(
        pending.outgoing, project
    )


def _holds_test_object(outgoing: Outgoing, project: Project) -> bool:
    """Whether what cannot be pickled is a test's, or a mock of something that production has."""
    value = outgoing.unpicklable
    return value is not None and (value.module == "unittest.mock" or project.is_test(value.module))


def not_looked_at(
    outgoing: Outgoing, reading: Reading, credentials: CredentialScan
) -> Iterator[str]:
    """What lies past a limit, as people read it."""
    if is_cut(outgoing.sent):
        yield f"values past the {VALUES:,} that are nearest to the surface"
    if reading.is_cut:
        yield f"what the payload has past its first {OPCODES:,} opcodes"
    if credentials.is_cut:
        yield f"credentials past {SEARCHED:,} characters of text"


def stopped_at(facts: Facts, masked: Callable[[str], str]) -> str | None:
    """Path of the value at which dumps or loads failed; None if neither did, or none is known."""
    if facts.unpicklable is not None and facts.unpicklable.path:
        return masked(facts.unpicklable.path)
    return (
        None if facts.failure is None or facts.failure.path == "exc" else masked(facts.failure.path)
    )
