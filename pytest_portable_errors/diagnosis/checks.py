"""What a trip is checked for, and how long it may take, where nobody says anything else.

Options name these, and an unused plugin imports this module; it imports nothing.
"""

from __future__ import annotations

CHECKS = ("type", "message", "args", "attributes", "notes", "members", "chain", "traceback")
"""What can be compared; section "Checks" in docs/reference.md says what each is."""
DEFAULT_CHECKS = tuple(check for check in CHECKS if check != "traceback")
DEFAULT_TIMEOUT = 10.0
"""Seconds of processor time in the receiver."""
