"""The receiving halves of the carriers: what a client of each does with the bytes.
``sender/carriers.py`` has the other halves.

The only modules here that import more than the standard library: each imports its carrier, when a
payload of that carrier arrives.
"""
