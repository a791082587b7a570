"""What this plugin puts on pytest's reports, which carry it through pytest-xdist too.

Into ``vars``, because the class does not declare it. pytest imports this module in every run, so
functions import what only a used plugin needs.
"""

from __future__ import annotations

import pytest

from pytest_portable_errors.report.rows import is_surveyed_item, junit_properties
from pytest_portable_errors.run.stash import OPTIONS, NotPortable, ToldOnce, run_of


def attach_rows(report: pytest.TestReport, item: pytest.Item) -> None:
    """Put what was recorded since the last report on this one; nothing if nothing was."""
    attached: dict[str, object] = {"portable_errors_in_use": True}
    entries = run_of(item.config).recorder.take()
    if entries is not None:
        attached["portable_errors"] = entries
        item.user_properties.extend(junit_properties(entries))
    offered = run_of(item.config).offered
    if offered is not None:
        attached["portable_errors_goldens"] = offered.take()
    if item.config.stash[OPTIONS].fixes != "none":
        from base64 import b64encode

        from pytest_portable_errors.judging.recorder import fix_row

        repaired = run_of(item.config).receivers.answered.repaired
        attached["portable_errors_repaired"] = [
            [owner, b64encode(payload).decode()] for owner, payload in repaired.take()
        ]
        fixes = repaired.take_fixes()
        # What a surveyed class gets depends on what its worker has met; raised ones suffice.
        if not is_surveyed_item(item.nodeid):
            attached["portable_errors_fixes"] = [
                fix_row(fix, str(item.config.rootpath)) for fix in fixes
            ]
    vars(report).update(attached)


def attach_text(report: pytest.TestReport, failure: NotPortable) -> None:
    """Put one of our failures on a report; the reporter colours it where it is printed."""
    report.longrepr = str(failure)
    vars(report).update(
        portable_errors_text=True, portable_errors_told_once=isinstance(failure, ToldOnce)
    )
