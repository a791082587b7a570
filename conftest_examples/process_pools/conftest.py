"""What a process pool makes of an error that cannot be rebuilt, and none of it names the error.

``concurrent.futures`` says that "a process in the process pool was terminated abruptly", breaks,
and takes every other task down: no process was. ``multiprocessing.Pool`` loses the one thread that
delivers results: everybody who waits for one hangs for ever. joblib says that "a result has failed
to un-serialize". And each of them puts the worker's traceback where ``__cause__`` was.

What your pool does is a serializer: ``"process-pool"`` for ``concurrent.futures``, ``"pickle"`` for
``multiprocessing.Pool``, ``"cloudpickle"`` for joblib.
"""
