"""Finds exception classes that no test raised."""
