"""What this plugin puts on pytest's reports, which carry it through pytest-xdist too.

pytest imports this module in every run, so functions import what only a used plugin needs.
"""

from __future__ import annotations

import base64

import pytest

from pytest_portable_errors.report.rows import is_surveyed_item, junit_properties
from pytest_portable_errors.run.stash import OPTIONS, NotPortable, ToldOnce, run_of


def attach_rows(report: pytest.TestReport, item: pytest.Item) -> None:
    """Put what was recorded since the last report on this one; nothing if nothing was.

    A report carries what plugins put on it, also through pytest-xdist.
    """
    report.portable_errors_in_use = True  # type: ignore[attr-defined]  # put there by us
    entries = run_of(item.config).recorder.take()
    if entries is not None:
        report.portable_errors = entries  # type: ignore[attr-defined]  # as above
        item.user_properties.extend(junit_properties(entries))
    if item.config.stash[OPTIONS].fixes != "none":
        from pytest_portable_errors.judging.recorder import fix_row

        repaired = run_of(item.config).receivers.answered.repaired
        report.portable_errors_repaired = [  # type: ignore[attr-defined]  # as above
            [owner, base64.b64encode(payload).decode()] for owner, payload in repaired.take()
        ]
        fixes = repaired.take_fixes()
        # What a surveyed class gets depends on what its worker has met; raised ones suffice.
        if not is_surveyed_item(item.nodeid):
            report.portable_errors_fixes = [  # type: ignore[attr-defined]  # as above
                fix_row(fix, str(item.config.rootpath)) for fix in fixes
            ]


def attach_text(report: pytest.TestReport, failure: NotPortable) -> None:
    """Put one of our failures on a report; the reporter colours it where it is printed."""
    report.longrepr = str(failure)
    report.portable_errors_text = True  # type: ignore[attr-defined]  # as in attach_rows
    report.portable_errors_told_once = isinstance(failure, ToldOnce)  # type: ignore[attr-defined]
