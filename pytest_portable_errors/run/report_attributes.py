"""What this plugin puts on pytest's reports, which carry it through pytest-xdist too.

Into ``vars``, because the class does not declare it. pytest imports this module in every run, so
functions import what only a used plugin needs.
"""

from __future__ import annotations

from typing import Any

import pytest

from pytest_portable_errors.report.rows import DEPENDENCIES, is_surveyed_item, junit_properties
from pytest_portable_errors.run.stash import OPTIONS, NotPortable, ToldOnce, run_of

_SAYS_IN_USE = pytest.StashKey[bool]()
"""Whether a report of this process has said that the plugin is in use: one is enough."""


def attach_rows(report: pytest.TestReport, item: pytest.Item) -> None:
    """Put what was recorded since the last report on this one; nothing if nothing was.

    pytest keeps all reports until its end, so the reporter takes off again what it has read.
    """
    attached: dict[str, object] = {}
    if not item.config.stash.get(_SAYS_IN_USE, False):
        item.config.stash[_SAYS_IN_USE] = attached["portable_errors_in_use"] = True
    entries = run_of(item.config).recorder.take()
    if entries is not None:
        attached["portable_errors"] = entries
        item.user_properties.extend(junit_properties(entries))
    dependency: Any = item if item.nodeid.startswith(DEPENDENCIES) else None
    if dependency is not None and dependency.row is not None:
        attached["portable_errors_library"] = dependency.row
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
        if dependency is not None:
            attached["portable_errors_repaired"] += dependency.repaired
        fixes = repaired.take_fixes()
        # What a surveyed class gets depends on what its worker has met; raised ones suffice.
        if not is_surveyed_item(item.nodeid):
            attached["portable_errors_fixes"] = [
                fix_row(fix, str(item.config.rootpath)) for fix in fixes
            ]
    if attached:
        vars(report).update(attached)


def taken(report: pytest.TestReport, name: str) -> Any:
    """Take a list or dict off a report, which ``attach_rows`` has put there; None if it has not."""
    value = getattr(report, name, None)
    if value is not None:
        setattr(report, name, None)
    return value


def attach_text(report: pytest.TestReport, failure: NotPortable) -> None:
    """Put one of our failures on a report; the reporter colours it where it is printed."""
    report.longrepr = str(failure)
    vars(report).update(
        portable_errors_text=True, portable_errors_told_once=isinstance(failure, ToldOnce)
    )
