"""A workflow of DBOS that fails, in a process of its own."""

from __future__ import annotations

import sys

from dbos import DBOS, SetWorkflowID

DBOS(config={"name": "fails", "system_database_url": sys.argv[1]})


@DBOS.step()  # type: ignore[untyped-decorator]  # DBOS is Any to mypy
def step(probe: str) -> None:
    import carrier_tasks

    carrier_tasks.fail(probe)


@DBOS.workflow()  # type: ignore[untyped-decorator]  # DBOS is Any to mypy
def fails(probe: str) -> None:
    step(probe)


DBOS.launch()
with SetWorkflowID("fails"):
    fails(sys.argv[2])
