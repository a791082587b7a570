"""Why today's code does not read what an earlier release has written, and tried fixes."""

from __future__ import annotations

from pytest_portable_errors.diagnosis.findings import Diagnosis
from pytest_portable_errors.goldens.golden import Golden
from pytest_portable_errors.goldens.loads_causes import (
    class_moved_or_gone,
    enum_member_gone,
    init_changed,
)
from pytest_portable_errors.goldens.state_causes import (
    attribute_was_renamed,
    attributes_expected,
    base_changed,
    fields_expected,
)
from pytest_portable_errors.goldens.trials import Trials
from pytest_portable_errors.receiver.described import Answer, Stage
from pytest_portable_errors.sender.trip import RoundTrip


def diagnose(golden: Golden, answer: Answer, trip: RoundTrip, trials: Trials) -> Diagnosis | None:
    """Say why a golden was not read as it was then, and try what would repair that.

    Args:
        golden: The golden.
        answer: What the receiver told.
        trip: What was lost; something was.
        trials: Tries repairs on the golden.

    Returns:
        None if no rule explains it.

    Raises:
        PortableErrorsError: A receiver cannot start.
    """
    if Stage(answer["stage"]) is Stage.LOADS:
        return (
            class_moved_or_gone(golden, answer, trials)
            or enum_member_gone(golden, answer, trials)
            or init_changed(golden, answer, trials)
        )
    if Stage(answer["stage"]) is Stage.ARRIVED:
        return (
            attribute_was_renamed(golden, answer, trials)
            or attributes_expected(golden, answer, trials)
            or fields_expected(golden, answer, trials)
            or base_changed(golden, trip, answer)
        )
    return None
