"""Instances of exception classes, made from their signatures."""
