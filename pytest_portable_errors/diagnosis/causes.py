"""Why an exception did not arrive, or arrived changed: the rules, in their order.

A rule looks at structure (records, opcodes, signatures), and never at the wording of a Python
error, which changes between versions.
"""

from __future__ import annotations

from collections.abc import Callable

from pytest_portable_errors.diagnosis import (
    arrived_changed,
    arrived_changed_links,
    arrived_changed_rebuilt,
    dumps_failed,
    loads_failed,
    loads_failed_calls,
    older_receiver,
)
from pytest_portable_errors.diagnosis.facts import Facts
from pytest_portable_errors.diagnosis.findings import Diagnosis

Rule = Callable[[Facts], "Diagnosis | None"]
"""Takes the facts of a trip, and returns the diagnosis; None where the rule does not apply."""

CAUSES: tuple[Rule, ...] = (
    dumps_failed.ends_its_worker,
    dumps_failed.unpicklable_value,
    dumps_failed.unnamed_class,
    dumps_failed.reducer_fails,
    dumps_failed.dumps_failed,
    loads_failed.stopped_receiver,
    older_receiver.receiver_too_old,
    loads_failed.receiver_not_set_up,
    loads_failed.missing_name,
    loads_failed_calls.constructor_does_not_fit,
    loads_failed_calls.state_cannot_be_restored,
    loads_failed_calls.constructor_rejects,
    loads_failed_calls.unloadable_value,
    loads_failed.loads_failed,
    arrived_changed.ends_its_client,
    arrived_changed.travels_only_in_tests,
    arrived_changed.dropped_by_python,
    arrived_changed.renamed_by_protocol,
    arrived_changed.message_unreadable,
    arrived_changed.sent_by_value,
    arrived_changed.slots_not_carried,
    arrived_changed.registered_reducer_loses,
    arrived_changed.value_changes,
    arrived_changed.unreadable_value,
    arrived_changed_rebuilt.setstate_loses,
    arrived_changed_rebuilt.message_rewritten,
    arrived_changed_rebuilt.reduce_loses,
    arrived_changed_rebuilt.rebuilt_otherwise,
    arrived_changed_links.suppression_flipped,
    arrived_changed_links.link_changed,
    arrived_changed_links.chain_dropped,
)
"""All rules, the most specific first: the first that applies makes the diagnosis."""


def diagnose(facts: Facts) -> Diagnosis | None:
    """Explain the losses of a trip by the first rule that applies.

    Returns:
        The diagnosis, without fixes; None if nothing was lost, or no rule applies. A rule that
        raises does not apply.
    """
    diagnoses = (_apply(rule, facts) for rule in CAUSES)
    return next((diagnosis for diagnosis in diagnoses if diagnosis is not None), None)


def needs_replay(facts: Facts) -> bool:
    """Whether only a second run of loads can tell where it failed.

    False where the class does not let itself be looked at.
    """
    try:
        return loads_failed.needs_replay(facts)
    except Exception:  # a metaclass is foreign code, as in _apply
        return False


def _apply(rule: Rule, facts: Facts) -> Diagnosis | None:
    try:
        return rule(facts)
    # Rules look at foreign classes, whose metaclasses may raise. A verdict stands without its
    # reason.
    except Exception:
        return None
