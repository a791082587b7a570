"""What a baseline knows of findings, and which of its entries are gone."""

from __future__ import annotations

from pytest_portable_errors.report.baseline import Baseline, Entry, decision_entry
from pytest_portable_errors.report.rows import DECISIONS, HARMLESS, Finding, Row, Verdict

DECISION_VALUES = tuple(verdict.value for verdict in DECISIONS)
"""The values of ``DECISIONS``."""
_WHOLE = frozenset({Verdict.WHOLE.value, *(verdict.value for verdict in HARMLESS)})


def baseline_entries(row: Row, finding: Finding) -> list[Entry]:
    """The entries with which a baseline makes a finding fail nothing; [] if nothing was lost."""
    if finding["verdict"] not in (Verdict.DEFECT.value, *DECISION_VALUES):
        return []
    if finding["verdict"] in DECISION_VALUES:
        return [decision_entry(finding["verdict"])]
    return _entries_of_class(row, finding)


def _entries_of_class(row: Row, finding: Finding) -> list[Entry]:
    return [
        Entry.of(row["cls"], finding["cause"], kind, finding["serializer"], finding["receiver"])
        for kind in finding["kinds"]
    ]


def is_gone(entry: Entry, verdicts: set[str] | None) -> bool:
    """Whether an entry's class arrived whole each time.

    Args:
        entry: The entry, which holds no decision.
        verdicts: All that its class had in the same way; None: it was not checked.
    """
    # Whether the chain is needed is a decision of its own: an exception that lost nothing but its
    # chain arrived whole for every entry of another kind.
    whole = _WHOLE if entry.kind == "chain" else {*_WHOLE, Verdict.DROPS_CHAIN.value}
    return verdicts is not None and verdicts <= whole


def with_known(row: Row, baseline: Baseline) -> Row:
    """A row, of which those findings are known that a baseline has."""
    findings: list[Finding] = [
        {
            **finding,
            "is_known": any(
                entries and baseline.knows(entries)
                for entries in (
                    baseline_entries(row, finding),
                    # Files of earlier versions hold decisions class by class.
                    _entries_of_class(row, finding),
                )
            ),
        }
        for finding in row["findings"]
    ]
    return {**row, "findings": findings}
