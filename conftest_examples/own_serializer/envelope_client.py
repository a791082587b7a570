"""A client as it runs in production: it reads why a job failed, and says when it will try again. It
has no code of the worker's."""

from __future__ import annotations

import sys
from datetime import datetime, timezone

from envelope_errors import QuotaExceeded
from envelope_wire import loads

if __name__ == "__main__":
    error = loads(sys.stdin.buffer.read())
    if isinstance(error, QuotaExceeded):
        noon = datetime(2030, 1, 1, 12, tzinfo=timezone.utc)
        sys.stdout.write(f"{error.tenant}: again in {error.until - noon}")
