"""The receiving halves of the carriers: what a client of each does with the bytes.

``sender/carriers/`` has the other halves. Only these modules of the receiver import more than the
standard library: each is imported when a payload of its carrier arrives, and finds that library's
functions then. What a library adds of the worker's traceback is taken off: attributes of its own,
and the text that a pool puts where the exception's cause was, which remains lost.
"""
