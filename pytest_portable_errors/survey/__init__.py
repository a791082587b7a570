"""Exceptions that no test raised: found, built, and raised on purpose."""
