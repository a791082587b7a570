"""Pure functions over records and payloads: what was lost, and why."""
