"""The fixes of a trip that lost something, proposed by its facts and tried on the exception."""

from __future__ import annotations

from dataclasses import replace

from pytest_portable_errors.diagnosis.cause_names import RECEIVER_NOT_SET_UP
from pytest_portable_errors.diagnosis.findings import Fix
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.receiver.canonical import canonical
from pytest_portable_errors.sender.answered import RUN_TRIAL_SECONDS
from pytest_portable_errors.sender.arrival import arrive, arrive_for_comparison
from pytest_portable_errors.sender.carrier_effects import without_carrier
from pytest_portable_errors.sender.carriers.carrier import Carrier, plain_serializer
from pytest_portable_errors.sender.extent import MUCH
from pytest_portable_errors.sender.outgoing import Outgoing, describe_and_pickle
from pytest_portable_errors.sender.pending_trip import PendingTrip
from pytest_portable_errors.sender.serializers import Library, Pickle
from pytest_portable_errors.sender.trip import ExplainedTrip, RoundTrip
from pytest_portable_errors.sender.unpatched import UNPATCHED

TRIAL_SECONDS = 2.0  # processor time of the receiver, for a trip that only tries a fix
TRIALS_SECONDS = 3.0  # processor time of this process, for all trials of one exception
# The same for an exception that holds ``MUCH``: each trial describes and pickles all of it.
LARGE_TRIALS_SECONDS = 0.25


def with_fixes(pending: PendingTrip, explained: ExplainedTrip) -> RoundTrip:
    """Try the fixes of a trip's diagnosis now, and add those that help.

    Args:
        pending: The trip; its outgoing exception is what they are tried on.
        explained: What ``arrive`` or ``explain`` made of it.

    Returns:
        The trip, its diagnosis with fixes, the best first. As it is, if nothing was lost, or no
        rule explains it. Where the run's time for trials is used up, ``not_looked_at`` says so.

    Raises:
        PortableErrorsError: A receiver cannot start.
    """
    trip, receivers = explained.trip, pending.receivers
    # On a later hop the receiver pickles, where no fix can be tried.
    if trip.hop > 1:
        return trip
    carrier = pending.outgoing.serializer
    if isinstance(carrier, Carrier) and carrier.wraps_fixes and not trip.arrived_whole:
        return _with_fixes_below(pending, trip, carrier)
    # Where the receiver was not set up, nothing is wrong with the class.
    if trip.diagnosis is None or trip.diagnosis.cause == RECEIVER_NOT_SET_UP:
        return trip
    if receivers.answered.trial_time.left <= 0:
        untried = (
            f"fixes: all of the {RUN_TRIAL_SECONDS:g} s for trying them in one run are used up"
        )
        return replace(trip, not_looked_at=(*trip.not_looked_at, untried))
    plain = without_carrier(pending)
    if plain is not None:
        return replace(trip, diagnosis=with_fixes(plain, arrive(plain)).diagnosis)
    fixes = _kept_or_tried(pending, explained)
    if trip.with_project is not None and not trip.with_project.arrived_whole:
        pending_with_project = pending.with_project()
        with_project = with_fixes(pending_with_project, arrive(pending_with_project))
        if with_project.diagnosis is not None:
            fixes = (*with_project.diagnosis.fixes, *fixes)
    return replace(trip, diagnosis=replace(trip.diagnosis, fixes=fixes))


def _with_fixes_below(pending: PendingTrip, trip: RoundTrip, carrier: Carrier) -> RoundTrip:
    """Add the fixes of what a carrier pickles with; where nothing is explained, its reason too."""
    subject = pending.outgoing.subject
    if subject is None:
        return trip
    below = pending.resent(outgoing=describe_and_pickle(subject, serializer=carrier.of))
    diagnosis = with_fixes(below, arrive(below)).diagnosis
    if diagnosis is None:
        return trip
    own = diagnosis if trip.diagnosis is None else trip.diagnosis
    return replace(trip, diagnosis=replace(own, fixes=diagnosis.fixes))


def _kept_or_tried(pending: PendingTrip, explained: ExplainedTrip) -> tuple[Fix, ...]:
    """Return the fixes that were tried for an equal payload, or try them now.

    Most payloads of pickle and cloudpickle are the same, and so is what becomes of fixes. They are
    not kept where a class cannot be imported, which cloudpickle sends by value.
    """
    outgoing, settings = pending.outgoing, pending.settings
    can_be_kept = isinstance(outgoing.serializer, (Pickle, Library)) and all(
        node["importable"] for node in outgoing.sent["exceptions"]
    )
    if pending.pending_answer is None or not can_be_kept:
        return _try_fixes(pending, explained)
    answer = pending.pending_answer
    key = (
        (answer.plan, answer.request.content),
        (canonical(outgoing.sent), settings.checks, settings.arrives_as, settings.without),
    )
    return pending.receivers.answered.fixes_of(key, lambda: _try_fixes(pending, explained))


def _try_fixes(pending: PendingTrip, explained: ExplainedTrip) -> tuple[Fix, ...]:
    """Try the candidates that the facts propose; () without an exception to try them on."""
    # Imported here to keep start-up fast: a run that loses nothing needs no fixes.
    from pytest_portable_errors.diagnosis.fixes import FixContext, candidates
    from pytest_portable_errors.sender.fix_trials import FixTrials

    outgoing, settings = pending.outgoing, pending.settings
    project, trial_time = pending.receivers.project, pending.receivers.answered.trial_time
    if outgoing.subject is None:
        return ()

    def make_trip(
        repaired: Outgoing,
        arrives_as: str | None,
        is_fresh: bool = False,
        is_told: bool = True,
    ) -> RoundTrip:
        trial = replace(
            settings,
            arrives_as=arrives_as or settings.arrives_as,
            timeout=min(settings.timeout, TRIAL_SECONDS),
            hops=1,
        )
        sent = pending.resent(outgoing=repaired, settings=trial, is_fresh=is_fresh)
        return arrive(sent).trip if is_told else arrive_for_comparison(sent)

    start = UNPATCHED.process_time()
    trials = FixTrials(
        subject=outgoing.subject,
        serializer=plain_serializer(outgoing.serializer),
        receiver=settings.receiver,
        carried=frozenset(credential.path for credential in explained.trip.credentials),
        make_trip=make_trip,
        before=explained.trip,
        repaired=pending.receivers.answered.repaired,
        traceback="traceback" in settings.checks,
        until=start
        + trial_time.of(LARGE_TRIALS_SECONDS if outgoing.extent >= MUCH else TRIALS_SECONDS),
    )
    context = FixContext(
        is_ours=lambda module: project.owns(module) or project.is_test(module),
        is_absent=lambda module: settings.receiver != "with-project" or project.is_test(module),
    )
    try:
        return trials.run(
            candidates(
                explained.facts,
                context,
                needs_chain="chain" in settings.checks,
                declared=settings.arrives_as,
            )
        )
    except PortableErrorsError:
        raise  # a receiver could not start
    # A class may refuse to be looked at, as it may where causes are looked for. The verdict stands.
    except Exception:
        return ()
    finally:
        trial_time.spent(UNPATCHED.process_time() - start)
