"""What a process pool makes of an exception, and what it would make of one that cannot be rebuilt.

No pool names such an exception. Seen with Python 3.11 and joblib 1.6, when a worker raised
``FormatsItsMessage`` (pools_errors.py):

- ``concurrent.futures`` says that "a process in the process pool was terminated abruptly", which is
  not so. Its pool takes no more tasks.
- ``multiprocessing.Pool`` loses its only thread that delivers results. Whoever waits for a result
  of that pool waits for ever.
- joblib says that "a result has failed to un-serialize", and breaks its pool.

The tests here give no pool such an exception. The plugin says beforehand that it does not arrive,
and only exceptions that arrive go through the real pools. Each pool puts the worker's traceback
where ``__cause__`` was.

What your pool does is a serializer: ``"process-pool"`` for ``concurrent.futures``,
``"multiprocessing"`` for ``multiprocessing.Pool``, ``"loky"`` for joblib. ``then`` in its text says
what is said above.
"""
