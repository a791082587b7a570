"""A worker as it runs in production: it stores why a job failed.

``python envelope_worker.py [--version-1]``
"""

from __future__ import annotations

import sys
from datetime import datetime, timezone

from envelope_errors import QuotaExceeded
from envelope_wire import Envelope


def summarise(tenant: str) -> None:
    """A job."""
    raise QuotaExceeded(tenant, until=datetime(2030, 1, 1, 12, 30, tzinfo=timezone.utc))


if __name__ == "__main__":
    wire = Envelope(default=str) if "--version-1" in sys.argv else Envelope()
    try:
        summarise("acme")
    except Exception as error:
        sys.stdout.write(wire.dumps(error).decode())
