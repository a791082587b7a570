"""Suites: ready-made cases for somebody else's exception classes."""
