"""One check, in a process of its own: rebuild the exception, describe it, answer, end.

Whatever a payload does here (exit, hang, crash, close descriptors, fork) ends with this process.
The answer goes into a private pipe, so that nothing done to the standard descriptors can corrupt
it.
"""

import importlib
import os
import pickle
import sys
from typing import Any, Callable, Dict, List, Optional, Tuple

from . import fields, messages, record, values
from .check_settings import CheckSettings
from .limits import limit_memory, limit_processor, processor_seconds
from .replay import Replay
from .side_effects import SideEffects

HOW_MANY_MISSING = 20
# of processor time, after which a process makes no further check: its limit counts all that it used
FRESH_SECONDS = 0.5
_ORDINARY = pickle.dumps(ValueError("rehearsal", 1))

Answer = Callable[[messages.Head], None]


def rehearse() -> None:
    """Rebuild and describe an ordinary exception. In a process forked ahead this touches the memory
    that the check will need."""
    messages.as_json({"record": record.describe(pickle.loads(_ORDINARY))})


def run(
    requests: int, answers: int, settings: CheckSettings, side_effects: Optional[SideEffects] = None
) -> None:
    """Make the check that is asked for; and another one, as long as ``side_effects`` shows that
    nothing was left behind.

    The caller ends the process, whatever this raises.
    """
    while _run_one(requests, answers, settings, side_effects):
        pass


def _run_one(
    requests: int, answers: int, settings: CheckSettings, side_effects: Optional[SideEffects]
) -> bool:
    """Wait for a request, make the check, write the answer; whether this process can make another
    check."""
    own = os.getpid()
    request = messages.read_one(requests)
    if request is None:
        return False  # nobody asks any more
    head, payload = request

    def answer(what: messages.Head, **more: object) -> None:
        if os.getpid() == own:  # a payload may have forked, and both of them arrive here
            # Those who pass it on look only at the head.
            messages.write(
                answers,
                {"stage": what.pop("stage"), "id": head["id"], **more},
                messages.as_json(what),
            )

    outcome = check(head, payload, settings, answer, side_effects)
    if (
        side_effects is not None
        and side_effects.none_left()
        and processor_seconds() < FRESH_SECONDS
    ):
        answer(outcome, again=True)
        return True
    answer(outcome)
    return False


def check(
    head: messages.Head,
    payload: bytes,
    settings: CheckSettings,
    answer: Answer,
    side_effects: Optional[SideEffects],
) -> messages.Head:
    """Import what the payload names, then rebuild and describe it. The imports have limits of their
    own, which the server knows."""
    settings.rules.needs = head["needs"]
    try:
        has_imported = _prepare(head, settings, answer)
    except SetupFailed as failed:
        return {"stage": "setup", "setup": failed.step, "error": error_record(failed.error)}
    limit_processor(head["timeout"])
    limit_memory(settings.memory)
    sys.setrecursionlimit(1_000)  # Python's own default, whatever an import has made of it
    if side_effects is not None and not has_imported:
        side_effects.begin()
    return _outcome(head, payload)


class SetupFailed(Exception):
    """A consumer's start-up raised."""

    def __init__(self, step: str, error: BaseException) -> None:
        super().__init__(step, error)
        self.step, self.error = step, error


def take_step(step: str, settings: CheckSettings) -> None:
    """Import a module; or, for ``module:callable``, call what the consumer calls at its start.

    Raises what the import raises, and SetupFailed.
    """
    if ":" not in step:
        _import(step)
        return
    try:
        _find(step)()
    except BaseException as error:
        raise SetupFailed(step, error) from error
    settings.setup.remove(step)


def _import(name: str) -> None:
    """Import a module. Where that fails nothing of its package stays, or a second import would find
    the parts that had succeeded."""
    before = set(sys.modules)
    try:
        importlib.import_module(name)
    except BaseException:
        top = name.partition(".")[0]
        for added in set(sys.modules) - before:
            if added.partition(".")[0] == top:
                del sys.modules[added]
        raise


def _prepare(head: messages.Head, settings: CheckSettings, answer: Answer) -> bool:
    """Whether there was anything to import, or to call."""
    steps = [*settings.setup, *(module for module in head["imports"] if module not in sys.modules)]
    if not steps:
        return False
    limit_processor(settings.import_seconds)
    for step in steps:
        answer({"stage": "importing", "module": step})
        try:
            take_step(step, settings)
        except SetupFailed:
            raise
        except BaseException:  # loads will meet it, and say so
            continue
    settings.memory = None  # what the imports have mapped is not the payload's
    answer({"stage": "checking", "used": processor_seconds()})
    return True


def _outcome(head: messages.Head, payload: bytes) -> Dict[str, object]:
    try:
        for module in head["requires"]:
            importlib.import_module(module)
        loads = _find(head["loader"])
    except BaseException as error:
        return {"stage": "loader", "error": error_record(error)}
    if head.get("replay"):
        return _replayed(payload)
    try:
        subject = loads(payload)
    except BaseException as error:
        missing = _missing(head["names"])
        if (
            not missing
            and head.get("names_are_cut")
            and isinstance(error, ModuleNotFoundError)
            and error.name
        ):
            missing = [[error.name, error.name, error.name]]
        return {"stage": "loads", "error": error_record(error), "missing": missing}
    try:
        return {
            "stage": "arrived",
            "record": record.describe(
                subject, traceback=head["traceback"], depth=head.get("depth", values.DEPTH)
            ),
        }
    # here nobody pressed a key: the exception's __str__ raises it
    except KeyboardInterrupt as error:
        return {"stage": "loads", "error": error_record(error)}


def _replayed(payload: bytes) -> Dict[str, object]:
    replay = Replay(payload)
    try:
        replay.load()
    except BaseException as error:
        return {"stage": "loads", "error": error_record(error), "opcode": replay.opcode}
    return {"stage": "arrived", "record": None}


def _find(name: str) -> Callable[..., object]:
    module, _, function = name.partition(":")
    found: Any = importlib.import_module(module)
    for part in function.split("."):
        found = getattr(found, part)
    # what a user names is believed to be callable; if not, calling it says so
    return found  # type: ignore[no-any-return]


def error_record(error: BaseException) -> Dict[str, object]:
    """What the receiver says of an error: type, message and, for an import, the module's name."""
    name = getattr(error, "name", None) if isinstance(error, ImportError) else None
    told = dict(record.outline(error), module=name if isinstance(name, str) else None)
    links = [fields.base_field(error, name) for name in ("__cause__", "__context__")]
    behind = next((link for link in links if link is not None), None)
    if behind is not None:  # kombu raises a DecodeError for whatever failed
        told["raised_for"] = fields.type_name(type(behind))
    return told


def _missing(names: List[Tuple[str, str]]) -> "List[List[Optional[str]]]":
    """Those of the payload's names that this interpreter does not have: ``[module, qualname, module
    that failed or None]``."""
    missing: List[List[Optional[str]]] = []
    for module, qualname in names:
        try:
            found: object = importlib.import_module(module)
            for part in qualname.split("."):
                found = getattr(found, part)
        except ModuleNotFoundError as error:
            missing.append([module, qualname, error.name or module])
        except AttributeError:
            missing.append([module, qualname, None])
        except BaseException:  # a module that fails otherwise is there
            continue
        if len(missing) >= HOW_MANY_MISSING:
            break
    return missing
