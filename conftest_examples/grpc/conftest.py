"""A call to another service fails in a worker, and the caller of the worker wants to know why.

What grpcio raises from a synchronous call holds the state of that call, with a lock in it: pickle
refuses it. A process pool gives its caller ``TypeError: cannot pickle '_thread.RLock' object``;
Celery puts a class in its place that it makes up, and that no ``except`` clause names.

The fix is one line where the worker starts, ``import grpc_reducers``. That module was written by
``pytest --portable-errors-suite grpc --portable-errors-fix-unsafe``. The error then arrives as
``grpc.RpcError``, which callers catch anyway, with ``code()`` and ``details()`` answering as
before. The settings that go with it are in pytest.ini.
"""
