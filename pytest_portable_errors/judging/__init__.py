"""Judges trips: a verdict for each, and policies that decide whether the test fails."""
