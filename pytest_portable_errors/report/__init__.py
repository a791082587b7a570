"""Adds up the results of a run, and writes them for people and programs."""
