"""Finds exception classes, and makes instances of them that no test raised."""
