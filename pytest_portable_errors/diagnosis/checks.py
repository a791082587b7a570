"""What a trip can be checked for; its checks and its time limit, where no setting says otherwise.

Options name these, so an unused plugin imports this module; it imports nothing itself.
"""

from __future__ import annotations

CHECKS = ("type", "message", "args", "attributes", "notes", "members", "chain", "traceback")
"""What can be compared; section "Checks" in docs/reference.md says what each is."""
DEFAULT_CHECKS = tuple(check for check in CHECKS if check != "traceback")
"""What is compared by default: all but the traceback."""
DEFAULT_TIMEOUT = 10.0
"""Seconds of processor time in the receiver."""
