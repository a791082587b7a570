"""What the survey of one library may use."""

PROCESSOR = 10.0
"""Seconds of processor time: its import, and the making and sending of errors."""
MEMORY = 1024**3
"""Bytes of data that its process may hold."""
PRINTED = 64 * 1024**2
"""Bytes that it may print."""
