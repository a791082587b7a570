"""A worker and its client: the workflow fails, and its error lies in DBOS's database.

``python rolling_worker.py DATABASE_URL``, with the release that is to run on ``PYTHONPATH``. The
same workflow asked for again is not run again: its error comes from the database, whichever release
has stored it.
"""

from __future__ import annotations

import importlib
import sqlite3
import sys

if sqlite3.sqlite_version_info < (3, 42):  # DBOS uses unixepoch('subsec')
    sys.modules["sqlite3"] = importlib.import_module("pysqlite3")

from dbos import DBOS, DBOSConfig, SetWorkflowID

errors = importlib.import_module("orders.errors")  # of the release that runs


@DBOS.workflow()  # type: ignore[untyped-decorator]  # DBOS says Any
def charge() -> None:
    raise errors.PaymentError(7, "declined")


if __name__ == "__main__":
    config: DBOSConfig = {"name": "orders", "system_database_url": sys.argv[1]}
    DBOS(config=config)
    DBOS.launch()
    try:
        with SetWorkflowID("order-7"):
            charge()
    except Exception as error:
        is_caught = isinstance(error, errors.OrderError)
        sys.stdout.write(f"{type(error).__name__} {is_caught}: {error}\n")
    DBOS.destroy()
