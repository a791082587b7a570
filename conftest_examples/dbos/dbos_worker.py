"""A worker as it runs in production: it launches DBOS and runs the workflow, whose step fails.

``python dbos_worker.py DATABASE_URL [--before-the-fix]`` prints what the workflow raised, and what
it raised when it was asked for again.
"""

from __future__ import annotations

import importlib
import sqlite3
import sys

if sqlite3.sqlite_version_info < (3, 42):  # DBOS uses unixepoch('subsec')
    sys.modules["sqlite3"] = importlib.import_module("pysqlite3")

from dbos import DBOS, DBOSConfig, SetWorkflowID

if "--before-the-fix" in sys.argv:
    from dbos_errors_before import StepFailed
else:
    # the same class, with and without its fix
    from dbos_errors import StepFailed  # type: ignore[assignment]  # one of the two


@DBOS.step()  # type: ignore[untyped-decorator]  # DBOS says Any
def fetch() -> None:
    raise StepFailed("fetch", 503)


@DBOS.workflow()  # type: ignore[untyped-decorator]  # as above
def nightly_import() -> None:
    fetch()


if __name__ == "__main__":
    config: DBOSConfig = {"name": "nightly-import", "system_database_url": sys.argv[1]}
    DBOS(config=config)
    DBOS.launch()
    for _ in range(2):
        try:
            # the same ID is the same run: the second time, DBOS loads what it stored
            with SetWorkflowID("nightly-import"):
                nightly_import()
        except Exception as error:
            sys.stdout.write(f"{type(error).__name__}: {error}\n")
    DBOS.destroy()
