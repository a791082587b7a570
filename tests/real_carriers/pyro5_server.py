"""Pyro5's daemon."""

from __future__ import annotations

import sys

from Pyro5.api import Daemon, expose


@expose
class Fails:
    def fail(self, probe: str) -> None:
        import carrier_tasks

        carrier_tasks.fail(probe)


with Daemon(host="127.0.0.1", port=int(sys.argv[1])) as daemon:
    daemon.register(Fails(), "fails")
    daemon.requestLoop()
