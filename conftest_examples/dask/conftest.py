"""dask.distributed pickles errors by tblib: most of what plain pickle cannot rebuild arrives, chain
included, some of Python's own do not.

A ``UnicodeDecodeError`` arrives without its text, a ``SyntaxError`` as ``None``, a
``StopIteration`` without its value; what cannot be pickled arrives as ``Exception(repr(error))``.
Nothing says so. ``serializers=("dask",)`` says it beforehand.

And importing distributed registers tblib's reducers for every exception class there is. A suite
that imports it tests an error that travels by dask, whatever carries it in production.
"""
