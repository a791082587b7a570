"""Serializers named after what carries errors in production.

Each calls the installed library's own functions. Here is what a worker does with an error that it
sends; what the client does with it is in ``receiver/carriers/``. ``table.py`` has the names.
"""
