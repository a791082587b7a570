"""RPyC's server."""

from __future__ import annotations

import sys

import rpyc
from rpyc.utils.server import ThreadedServer


class Service(rpyc.Service):  # type: ignore[misc]  # RPyC is Any to mypy
    def exposed_fail(self, probe: str) -> None:
        import carrier_tasks

        carrier_tasks.fail(probe)


ThreadedServer(Service, hostname="127.0.0.1", port=int(sys.argv[1])).start()
