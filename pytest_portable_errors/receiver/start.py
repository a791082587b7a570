"""How a receiver starts: restrict the imports, prove that the restriction holds, serve.

It reads from its standard input and writes to its standard output, and moves both to other
descriptors at once: a payload may print.
"""

import os
import signal
from typing import Dict, Tuple

from . import check, imports, messages
from .check_settings import CheckSettings
from .limits import no_core_files
from .processes import Pipes
from .reaper import guard
from .server import Server


def start(mode: str) -> None:
    """Run this process as ``__main__`` was told to.

    Args:
        mode: ``fork`` and ``spawn`` serve checks; ``once`` makes one; ``prove`` tells what can be
            imported against the rules; ``hub`` shares receivers.
    """
    {"fork": fork_server, "spawn": spawner, "once": once, "prove": prove, "hub": hub}[mode]()


def fork_server() -> None:
    """Serve checks, each in a child forked from this process. Never returns in the reaper."""
    config, requests, answers = _begin()
    settings = CheckSettings(config, imports.restrict(config))
    no_core_files()
    _greet(answers, _proof(config, settings))
    knock = guard([requests, answers])
    Server(Pipes(requests, answers), settings, knock=knock, at_once=config["at_once"]).serve(
        ahead=True
    )


def spawner() -> None:
    """Serve checks, each in an interpreter of its own. Never returns."""
    from .spawner import (  # imports threading and subprocess, which a fork server must not have
        Spawner,
        leaks,
    )

    config, requests, answers = _begin()
    _greet(answers, leaks(config))
    knock = guard([requests, answers])
    Spawner(requests, answers, config, knock=knock).serve()


def once() -> None:
    """Make one check, and exit with status 0, or 1 if it raised."""
    config, requests, answers = _begin()
    settings = CheckSettings(config, imports.restrict(config))
    no_core_files()
    _silence()
    check.rehearse()
    try:
        check.run(requests, answers, settings)
        os._exit(0)
    finally:
        os._exit(1)


def prove() -> None:
    """Write what can be imported against the rules, and exit."""
    config, _, answers = _begin()
    messages.write(answers, {"leaks": imports.prove(config["prove"], imports.restrict(config))})
    os._exit(0)


def hub() -> None:
    """Share receivers among the workers of a run; its first message has the socket's path."""
    from .hub import main  # imports socket and subprocess, which a fork server must not have

    message = messages.read_one(0)
    if message is not None:
        main(0, message[0]["socket"])


def _begin() -> Tuple[messages.Head, int, int]:
    """Move the pipes, and read the first message.

    Returns:
        The configuration, and the descriptors for requests and for answers.
    """
    if hasattr(signal, "SIGCHLD"):
        # If it is ignored, as the sender may have it, nobody learns how children end.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    requests, answers = os.dup(0), os.dup(1)
    _to_null(0, 1)
    os.write(answers, messages.START)
    message = messages.read_one(requests)
    if message is None:
        os._exit(0)  # the sender is gone already
    return message[0], requests, answers


def _greet(answers: int, leaks: Dict[str, str]) -> None:
    """Tell the sender that the receiver has started, and what it can import against the rules."""
    messages.write(answers, {"event": "started", "leaks": leaks})
    _silence()


def _silence() -> None:
    """Drop standard error from now on.

    Until now the sender has read it, for what an interpreter says that cannot start.
    """
    _to_null(2)


def _to_null(*fds: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for fd in fds:
        os.dup2(null, fd)
    os.close(null)


def _proof(config: messages.Head, settings: CheckSettings) -> Dict[str, str]:
    """What can be imported against the rules: names and files.

    It is tried in a child, because a leak would run the module.
    """
    read_fd, write_fd = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(read_fd)
            messages.write(write_fd, imports.prove(config["prove"], settings.rules))
        finally:
            os._exit(0)
    os.close(write_fd)
    proof = messages.read_one(read_fd)
    os.close(read_fd)
    os.waitpid(pid, 0)
    return (
        {"?": "the check for absent modules ended without an answer"} if proof is None else proof[0]
    )
