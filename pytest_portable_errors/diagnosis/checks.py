"""What a trip can be checked for; its checks and its time limit, where no setting says otherwise.

Options name these, so an unused plugin imports this module; it imports nothing itself.
"""

from __future__ import annotations

CHECKS = (
    "type",
    "message",
    "args",
    "attributes",
    "notes",
    "members",
    "chain",
    "traceback",
    "additions",
)
"""What can be compared; section "Checks" in docs/reference.md says what each is."""
DEFAULT_CHECKS = tuple(check for check in CHECKS if check not in ("traceback", "additions"))
"""What is compared by default: all but the traceback, and what the survey adds to exceptions."""
DEFAULT_TIMEOUT = 10.0
"""Seconds of processor time in the receiver."""
MOST_HOPS = 5
"""How often an exception may be pickled and rebuilt on one trip."""
