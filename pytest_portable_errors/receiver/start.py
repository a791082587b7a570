"""The receiver's first minute: restrict the imports, prove that the restriction holds, serve."""

import os
import signal
import sys
from typing import Any, Dict

from . import check, frames, imports
from .children import Pipes
from .server import Server


def start(requests: int, answers: int) -> None:
    """Take the configuration from ``requests``, tell on ``answers`` how it went, then serve."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored, as the sender may have it, it would hide how children end
    pipes = Pipes(requests, answers)
    config = _first_message(requests)
    rules = imports.restrict(config)
    pipes.write({"stage": "started", "python": list(sys.version_info[:3]), "leaks": _proof(config, rules)})
    Server(pipes, rules, at_once=config["at_once"]).serve()


def _first_message(fd: int) -> Dict[str, Any]:
    os.set_blocking(fd, True)
    decoder = frames.Decoder()
    while True:
        data = os.read(fd, 1 << 16)
        if not data:
            os._exit(0)  # the sender is gone already
        for head, _ in decoder.feed(data):
            os.set_blocking(fd, False)
            return head


def _proof(config: Dict[str, Any], rules: imports.Rules) -> Dict[str, str]:
    """Look for the absent modules in a child: a leak would run the module."""
    read_fd, write_fd = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(read_fd)
            check.write_all(write_fd, frames.encode(imports.prove(config["prove"], rules)))
        finally:
            os._exit(0)
    os.close(write_fd)
    decoder, leaks = frames.Decoder(), None
    while leaks is None:
        data = os.read(read_fd, 1 << 16)
        if not data:
            leaks = {"?": "the check for absent modules ended without an answer"}
        for head, _ in decoder.feed(data):
            leaks = head
    os.close(read_fd)
    os.waitpid(pid, 0)
    return leaks
