"""Payloads of earlier releases, which today's code has to read."""
