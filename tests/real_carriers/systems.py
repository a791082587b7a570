"""Real workers and real callers, one function for each carrier: they call a task that fails, and
return what the caller is given.

``python systems.py CARRIER PROBE`` prints that as JSON: the record of the exception, or the name of
the class that was raised in place of an answer. Servers are started on the loopback interface, on a
free port, and ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PATIENCE = 90.0
"""Seconds that anything may take on a busy machine. Nothing waits for them to pass."""


def raised(call: Callable[[], object]) -> BaseException:
    """What a call raises. A caller that is given SystemExit is not to end here."""
    try:
        call()
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def process_pool(probe: str) -> BaseException | None:
    from concurrent.futures import ProcessPoolExecutor

    from carrier_tasks import fail

    with ProcessPoolExecutor(1) as pool:
        return pool.submit(fail, probe).exception(PATIENCE)


def multiprocessing(probe: str) -> BaseException | None:
    from multiprocessing import Pool

    from carrier_tasks import fail

    with Pool(1) as pool:
        return raised(lambda: pool.apply_async(fail, (probe,)).get(PATIENCE))


def interpreter_pool(probe: str) -> BaseException | None:
    """An interpreter does not see the ``sys.path`` of this one: it is told."""
    from carrier_tasks import fail

    executor: Any = importlib.import_module("concurrent.futures").InterpreterPoolExecutor
    with executor(
        1, initializer=exec, initargs=(f"import sys; sys.path[:] = {sys.path!r}",)
    ) as pool:
        error: BaseException | None = pool.submit(fail, probe).exception(PATIENCE)
        return error


def multiprocess(probe: str) -> BaseException | None:
    from carrier_tasks import fail
    from multiprocess import Pool

    with Pool(1) as pool:
        return raised(lambda: pool.apply_async(fail, (probe,)).get(PATIENCE))


def loky(probe: str) -> BaseException | None:
    from carrier_tasks import fail
    from loky import get_reusable_executor

    pool = get_reusable_executor(max_workers=1)
    error: BaseException = pool.submit(fail, probe).exception(PATIENCE)
    with contextlib.suppress(Exception):
        pool.shutdown(wait=True, kill_workers=True)
    return error


def dask(probe: str) -> BaseException | None:
    from carrier_tasks import fail
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=1, threads_per_worker=1, dashboard_address=None, silence_logs=50
        ) as cluster,
        Client(cluster) as client,
    ):
        error: BaseException = client.submit(fail, probe, retries=0).exception(timeout=PATIENCE)
        return error


def dask_processes(probe: str) -> BaseException | None:
    import dask as library
    from carrier_tasks import fail

    task = library.delayed(fail)(probe)
    return raised(lambda: task.compute(scheduler="processes", num_workers=1))


def trio_parallel(probe: str) -> BaseException | None:
    import trio
    import trio_parallel as library
    from carrier_tasks import fail

    async def main() -> BaseException:
        try:
            await library.run_sync(fail, probe)
        except BaseException as error:
            return error
        raise AssertionError("nothing was raised")

    error: BaseException = trio.run(main)
    return error


def mpire(probe: str) -> BaseException | None:
    from carrier_tasks import fail
    from mpire import WorkerPool

    with WorkerPool(1) as pool:
        return raised(lambda: pool.apply(fail, (probe,)))


def parsl(probe: str) -> BaseException | None:
    import parsl as library
    from carrier_tasks import fail
    from parsl.config import Config
    from parsl.executors import HighThroughputExecutor
    from parsl.providers import LocalProvider

    executor = HighThroughputExecutor(
        label="one",
        address="127.0.0.1",
        loopback_address="127.0.0.1",
        max_workers_per_node=1,
        provider=LocalProvider(init_blocks=1, max_blocks=1),
        encrypted=False,
    )
    with library.load(Config(executors=[executor], usage_tracking=0, retries=0)):
        future = library.python_app(fail)(probe)
        error: BaseException | None = future.exception(timeout=PATIENCE)
        return error


def lithops(probe: str) -> BaseException | None:
    import lithops as library
    from carrier_tasks import fail

    executor = library.LocalhostExecutor(log_level="CRITICAL")
    future = executor.call_async(fail, probe)
    hook = sys.excepthook
    try:
        return raised(future.result)
    finally:
        sys.excepthook = hook


def torch_dataloader(probe: str) -> BaseException | None:
    from carrier_tasks import Fails
    from torch.utils.data import DataLoader

    return raised(lambda: list(DataLoader(Fails(probe), num_workers=1, timeout=30)))


def ray(probe: str) -> BaseException | None:
    import ray as library
    from carrier_tasks import fail

    library.init(num_cpus=1, include_dashboard=False, configure_logging=False, log_to_driver=False)
    try:
        error = raised(lambda: library.get(library.remote(max_retries=0)(fail).remote(probe)))
        is_of_task = isinstance(error, library.exceptions.RayTaskError)
        return error.cause if is_of_task else error  # type: ignore[attr-defined]  # Ray's
    finally:
        library.shutdown()


def prefect(probe: str) -> BaseException | None:
    """The persisted result of a flow, read by a second store as another process would."""
    os.environ.update(
        PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS=str(PATIENCE),
        PREFECT_SERVER_ANALYTICS_ENABLED="false",
        PREFECT_LOGGING_LEVEL="CRITICAL",
        PREFECT_HOME=tempfile.mkdtemp(),
    )
    from carrier_tasks import fail
    from prefect import flow
    from prefect.results import ResultStore

    state = flow(persist_result=True, result_serializer="pickle")(fail)(probe, return_state=True)
    stored = state.data
    metadata = getattr(stored, "metadata", stored)

    async def read() -> object:
        store = ResultStore(result_storage=None)
        record = await store._from_metadata(metadata)
        return record.result

    try:
        found = asyncio.run(read())
    except BaseException as error:
        return error
    assert isinstance(found, BaseException), found
    return found


@contextlib.contextmanager
def redis_server() -> Iterator[str]:
    """A Redis server of our own; its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = shutil.which("redis-server")
    assert program is not None, "redis-server is not installed"
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait()


@contextlib.contextmanager
def worker(*command: str, **environment: str) -> Iterator[None]:
    """A worker process of a queue, ended after the block with all that it has started."""
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=HERE,
        env={**os.environ, "PYTHONPATH": str(HERE), **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 15)
        process.wait()


def arq(probe: str) -> BaseException | None:
    from arq import create_pool
    from arq.connections import RedisSettings

    async def main(url: str) -> BaseException:
        pool = await create_pool(RedisSettings.from_dsn(url))
        job = await pool.enqueue_job("fail", probe)
        try:
            await job.result(timeout=PATIENCE, poll_delay=0.1)
        except BaseException as error:
            return error
        finally:
            await pool.aclose()
        raise AssertionError("nothing was raised")

    with redis_server() as url, worker("-m", "arq", "arq_worker.Settings", REDIS_URL=url):
        return asyncio.run(main(url))


def taskiq(probe: str, *, imports: bool = False) -> BaseException | None:
    with redis_server() as url:
        os.environ["REDIS_URL"] = url
        sys.path.insert(0, str(HERE))
        if imports:
            importlib.import_module("pytest_portable_errors.survey.probes")
        from taskiq_broker import broker, fail

        async def main() -> BaseException:
            await broker.startup()
            task = await fail.kiq(probe)
            result = await task.wait_result(timeout=PATIENCE)
            await broker.shutdown()
            error: BaseException = result.error
            return error

        with worker("-m", "taskiq", "worker", "taskiq_broker:broker", "--workers", "1"):
            return asyncio.run(main())


def taskiq_imported(probe: str) -> BaseException | None:
    return taskiq(probe, imports=True)


def temporal(probe: str) -> BaseException | None:
    """The converters alone: a server cannot be had without a download."""
    from carrier_tasks import fail
    from temporalio.api.failure.v1 import Failure
    from temporalio.converter import default

    async def main() -> BaseException:
        failure = Failure()
        await default().encode_failure(raised(lambda: fail(probe)), failure)
        sent = Failure.FromString(failure.SerializeToString())
        error: BaseException = await default().decode_failure(sent)
        return error

    return asyncio.run(main())


def _apscheduler(probe: str, kind: str) -> BaseException | None:
    from apscheduler import AsyncScheduler
    from apscheduler.datastores.sqlalchemy import SQLAlchemyDataStore
    from carrier_tasks import fail
    from sqlalchemy.ext.asyncio import create_async_engine

    serializers = importlib.import_module(f"apscheduler.serializers.{kind}")
    serializer = getattr(
        serializers, {"pickle": "PickleSerializer", "json": "JSONSerializer"}[kind]
    )

    async def main(file: Path) -> BaseException:
        engine = create_async_engine(f"sqlite+aiosqlite:///{file}")
        store = SQLAlchemyDataStore(engine, serializer=serializer())
        async with AsyncScheduler(store) as scheduler:
            await scheduler.start_in_background()
            job = await scheduler.add_job(
                fail, args=(probe,), result_expiration_time=PATIENCE, job_executor="threadpool"
            )
            try:
                result = await scheduler.get_job_result(job)
            except BaseException as failed:
                return failed
            error: BaseException = result.exception
            return error

    with tempfile.TemporaryDirectory() as folder:
        try:
            return asyncio.run(main(Path(folder) / "jobs.sqlite"))
        except BaseException as error:
            return error


def apscheduler(probe: str) -> BaseException | None:
    return _apscheduler(probe, "pickle")


def apscheduler_json(probe: str) -> BaseException | None:
    return _apscheduler(probe, "json")


def rpyc(probe: str) -> BaseException | None:
    import rpyc as library

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with worker("rpyc_server.py", str(port)):
        while True:
            with contextlib.suppress(OSError):
                connection = library.connect("127.0.0.1", port)
                break
            time.sleep(0.05)
        error = raised(lambda: connection.root.fail(probe))
        for name in ("_remote_tb", "_remote_version"):
            vars(error).pop(name, None)
        return error


def pyro5(probe: str) -> BaseException | None:
    from Pyro5.api import Proxy

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with worker("pyro5_server.py", str(port)):
        proxy = Proxy(f"PYRO:fails@127.0.0.1:{port}")
        while True:
            with contextlib.suppress(Exception):
                proxy._pyroBind()
                break
            time.sleep(0.05)
        error = raised(lambda: proxy.fail(probe))
        vars(error).pop("_pyroTraceback", None)
        return error


def _celery(probe: str, serializer: str, *, imports: bool = False) -> BaseException | None:
    with redis_server() as url:
        os.environ.update(REDIS_URL=url, SERIALIZER=serializer)
        sys.path.insert(0, str(HERE))
        if imports:
            importlib.import_module("pytest_portable_errors.survey.probes")
        from celery_of_carriers import fail

        command = (
            "-m",
            "celery",
            "-A",
            "celery_of_carriers",
            "worker",
            "--concurrency",
            "1",
            "-l",
            "ERROR",
        )
        with worker(*command, C_FORCE_ROOT="1"):  # containers run as root
            return raised(lambda: fail.delay(probe).get(timeout=PATIENCE))


def celery(probe: str) -> BaseException | None:
    return _celery(probe, "json")


def celery_imported(probe: str) -> BaseException | None:
    return _celery(probe, "json", imports=True)


def celery_pickle(probe: str) -> BaseException | None:
    return _celery(probe, "pickle", imports=True)


def docket(probe: str) -> BaseException | None:
    from datetime import timedelta

    from docket import Docket
    from docket_app import fail

    async def main(url: str) -> BaseException:
        async with Docket(name="real", url=url) as library:
            execution = await library.add(fail)(probe)
            with worker("docket_app.py", url):
                try:
                    await execution.get_result(timeout=timedelta(seconds=PATIENCE))
                except BaseException as error:
                    return error
        raise AssertionError("nothing was raised")

    with redis_server() as url:
        return asyncio.run(main(url))


def _dbos(probe: str, *, shown: bool) -> Any:
    """The workflow fails in one process; its reader is another."""
    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite:///{folder}/dbos.sqlite"
        subprocess.run(
            [sys.executable, "dbos_app.py", database, probe],
            cwd=HERE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
        )
        from dbos import DBOSClient

        client = DBOSClient(system_database_url=database)
        if shown:
            return client.list_workflows()[0].error
        return raised(lambda: client.retrieve_workflow("fails").get_result())


def dbos(probe: str) -> Any:
    return _dbos(probe, shown=True)


def dbos_result(probe: str) -> Any:
    return _dbos(probe, shown=False)


def outcome(carrier: str, probe: str) -> dict[str, Any]:
    """What the caller is given, as plain data, without the worker's traceback."""
    from pytest_portable_errors.receiver import record

    given = globals()[carrier.replace("-", "_").replace(":", "_")](probe)
    is_mpires = carrier == "mpire" and type(getattr(given, "__cause__", None)) is Exception
    if is_mpires or type(getattr(given, "__cause__", None)).__name__.endswith("RemoteTraceback"):
        given.__cause__ = None
    if carrier == "interpreter-pool":
        given.__cause__ = None  # ExecutionFailed, of every error
    if carrier == "torch-dataloader":
        given.__cause__ = given.__context__ = None
    return {"record": record.describe(given)}


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    # parsl and lithops start programs of the environment by their names.
    os.environ["PYTHONPATH"] = str(HERE)
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    answer = outcome(sys.argv[1], sys.argv[2])
    # Past whatever the library has done to the standard output.
    Path(sys.argv[3]).write_text(json.dumps(answer), encoding="utf-8")
    sys.stdout.flush()
    os._exit(0)  # a pool that was broken may wait for its workers
