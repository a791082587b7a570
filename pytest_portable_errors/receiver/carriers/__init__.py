"""The receiving halves of the carriers: what a client of each does with the bytes.

``sender/carriers.py`` has the other halves. Only these modules of the receiver import more than the
standard library: each is imported when a payload of its carrier arrives, and imports that library.
"""
