"""One check, in a process of its own: rebuild the exception, describe it, answer, end.

Whatever a payload does here (exit, hang, crash, close descriptors, fork) ends with this process.
The answer goes into a private pipe, so that nothing done to the standard descriptors can corrupt
it.
"""

import binascii
import contextlib
import importlib
import os
import pickle
import sys
from typing import Callable, Dict, Iterator, List, Optional, Tuple

from . import budget, fields, messages, record
from .check_settings import CheckSettings
from .limits import limit_memory, limit_processor, processor_seconds
from .replay import Replay
from .side_effects import SideEffects

HOW_MANY_MISSING = 20  # names of one payload that are reported as missing, at most
# Seconds of processor time after which a process makes no further check: the server's limit
# (deadlines.py) counts all that the process has used.
FRESH_SECONDS = 0.5
_ORDINARY = pickle.dumps(ValueError("rehearsal", 1))

SendAnswer = Callable[[messages.Head], None]


def rehearse() -> None:
    """Rebuild and describe an ordinary exception.

    In a process forked ahead this touches the memory that the check will need.
    """
    messages.as_json({"record": record.describe(pickle.loads(_ORDINARY))})


def run(
    requests: int, answers: int, settings: CheckSettings, side_effects: Optional[SideEffects] = None
) -> None:
    """Make the check that is asked for, and further ones: any while none has left anything behind,
    then those of the same subject.

    The caller ends the process, whatever this raises.

    Args:
        requests: The descriptor to read requests from; it blocks.
        answers: The descriptor to write answers to; it blocks.
        settings: The check settings of this process.
        side_effects: Watches this process for what a payload leaves behind. None: make one check.

    Raises:
        MessageError: What arrived is no request.
    """
    is_fresh = True
    while True:
        request = messages.read_one(requests)
        if request is None:
            return  # nobody asks any more
        head, payload = request
        answer = _answerer(answers, head)
        outcome = check(head, payload, settings, answer, side_effects)
        if side_effects is None or processor_seconds() >= FRESH_SECONDS:
            answer(outcome)
            return
        is_fresh = side_effects.none_left() and is_fresh
        answer(outcome, next="any" if is_fresh else "same")


def _answerer(answers: int, request: messages.Head) -> Callable[..., None]:
    """A function that writes the answer to a request, or an event before it."""
    own = os.getpid()
    fixed_fields: Dict[str, object] = {
        key: request[key] for key in ("id", "ended_before") if key in request
    }

    def answer(content: messages.Head, **head_fields: object) -> None:
        """Write what it is into the head, and the rest into the body."""
        if os.getpid() == own:  # a payload may have forked, and both of them arrive here
            kind = "event" if "event" in content else "stage"
            # Those who pass it on look only at the head.
            head = {kind: content.pop(kind), **fixed_fields, **head_fields}
            messages.write(answers, head, messages.as_json(content))

    return answer


def check(
    head: messages.Head,
    payload: bytes,
    settings: CheckSettings,
    answer: SendAnswer,
    side_effects: Optional[SideEffects],
) -> messages.Head:
    """Import what the payload names, then rebuild it and describe what arrives.

    The imports have limits of their own, which the server watches (``deadlines.py``).

    Args:
        head: The request's head.
        payload: What to rebuild.
        settings: The check settings of this process.
        answer: Takes what the server is told before the answer: that imports begin and end, and
            that loads has ended.
        side_effects: Begins to watch before loads; None where nobody watches. Where anything was
            imported it does not begin: the process is not fresh any more.

    Returns:
        The answer, as ``described.Answer`` has it. What loads raises is in it.
    """
    settings.rules.needs = head["needs"]
    fields.call_as_sent({})  # forgets what the sender of an earlier check called them
    try:
        has_imported = _prepare(head, settings, answer)
    except SetupFailed as failed:
        return {"stage": "setup", "setup": failed.step, "error": error_record(failed.error)}
    limit_processor(head["timeout"])
    limit_memory(settings.memory)
    sys.setrecursionlimit(1_000)  # Python's own default, whatever an import has made of it
    if side_effects is not None and not has_imported:
        side_effects.begin()
    return _outcome(head, payload, settings, answer)


class SetupFailed(Exception):
    """A call of the consumer's start-up raised: ``step`` names it, ``error`` is what it raised."""

    def __init__(self, step: str, error: BaseException) -> None:
        super().__init__(step, error)
        self.step, self.error = step, error


def take_step(step: str, settings: CheckSettings) -> None:
    """Import a module; or, for ``module:callable``, call what the consumer calls at its start.

    A call that succeeds is taken out of ``settings.setup``.

    Raises:
        SetupFailed: The callable cannot be found, or raised.
        BaseException: Whatever the import of a module raises.
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
    """Import a module; where that fails, leave no module of its package behind.

    A second import would find the parts that had succeeded.
    """
    before = set(sys.modules)
    try:
        importlib.import_module(name)
    except BaseException:
        top = name.partition(".")[0]
        for added in set(sys.modules) - before:
            if added.partition(".")[0] == top:
                del sys.modules[added]
        raise


def _prepare(head: messages.Head, settings: CheckSettings, answer: SendAnswer) -> bool:
    """Call the start-up and import what the payload names; whether there was anything to do."""
    steps = [*settings.setup, *(module for module in head["imports"] if module not in sys.modules)]
    if not steps:
        return False
    limit_processor(settings.import_seconds)
    for step in steps:
        answer({"event": "importing", "module": step})
        try:
            take_step(step, settings)
        except SetupFailed:
            raise
        except BaseException:  # loads will meet it, and say so
            continue
    settings.memory = None  # what the imports have mapped is not the payload's
    answer({"event": "checking", "used": processor_seconds()})
    return True


def _outcome(
    head: messages.Head, payload: bytes, settings: CheckSettings, answer: SendAnswer
) -> Dict[str, object]:
    """Rebuild the payload with its loader, and describe what arrives or what loads raises."""
    try:
        for module in head["requires"]:
            importlib.import_module(module)
        loads = _find(head["loader"])
    except BaseException as error:
        return {"stage": "loader", "error": error_record(error)}
    if head.get("replay"):
        return _outcome_of_replay(payload)
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
        failed: Dict[str, object] = {
            "stage": "loads",
            "error": error_record(error),
            "missing": missing,
        }
        if head.get("today"):
            from .earlier import known_today

            failed["today"] = known_today(head["names"])
        return failed
    answer({"event": "describing"})
    if settings.is_other_python:
        fields.call_as_sent(dict(_found(head["names"])))
    try:
        arrived: Dict[str, object] = {
            "stage": "arrived",
            "record": record.describe(
                subject, traceback=head["traceback"], depth=head.get("depth", budget.DEPTH)
            ),
        }
        if head.get("again"):
            arrived["again"] = pickled_again(subject, head["again"])
        if head.get("today"):
            # Imported here: other checks need none of what it loads.
            from .earlier import expected_today

            arrived["today"] = expected_today(subject, head["names"], head["today"]["bases"])
        return arrived
    # Nobody pressed a key here: the exception's __str__ raises it.
    except KeyboardInterrupt as error:
        return {"stage": "loads", "error": error_record(error)}


def pickled_again(subject: object, dumper: str) -> Dict[str, object]:
    """Pickle what arrived, as its reader does that sends it on.

    Args:
        subject: What arrived.
        dumper: ``module:protocol``; the protocol is empty for the module's default.

    Returns:
        ``payload``, as base64; or ``error``, the record of what dumps raised.
    """
    module, _, protocol = dumper.partition(":")
    try:
        dumps = importlib.import_module(module).dumps
        payload = dumps(subject, protocol=int(protocol) if protocol else None)
    except BaseException as error:
        return {"error": error_record(error)}
    return {"payload": binascii.b2a_base64(payload, newline=False).decode()}


def _outcome_of_replay(payload: bytes) -> Dict[str, object]:
    """How far loads comes: where it fails, the number of the opcode."""
    replay = Replay(payload)
    try:
        replay.load()
    except BaseException as error:
        return {"stage": "loads", "error": error_record(error), "opcode": replay.opcode}
    return {"stage": "arrived", "record": None}


def _find(name: str) -> Callable[..., object]:
    """The function that ``module:qualname`` names; its module is imported."""
    module, _, qualname = name.partition(":")
    return _look_up(module, qualname)  # type: ignore[return-value]  # calling it tells


def _look_up(module: str, qualname: str) -> object:
    """What a module holds under a qualified name. Raises what import and getattr raise."""
    holder: object = importlib.import_module(module)
    for attribute in qualname.split("."):
        holder = getattr(holder, attribute)
    return holder


def error_record(error: BaseException) -> Dict[str, object]:
    """Describe an error that stopped a check.

    Returns:
        What ``described.ErrorRecord`` has: type and message; the name that was missing, if one was;
        the file of a SyntaxError; this Python's version; and the type of the error that it was
        raised for, if there is one.
    """
    described = dict(
        record.outline(error), module=_missed(error), python=list(sys.version_info[:2])
    )
    if isinstance(error, SyntaxError) and isinstance(error.filename, str):
        described["file"] = error.filename
    links = [fields.base_field(error, name) for name in ("__cause__", "__context__")]
    origin = next((link for link in links if link is not None), None)
    if origin is not None:  # kombu raises a DecodeError for whatever failed
        described["raised_for"] = fields.type_name(type(origin))
    return described


def _missed(error: BaseException) -> Optional[str]:
    """The module or name for want of which an error was raised; None where none is told.

    Fields of a built-in error; those of an AttributeError and a NameError are Python 3.10.
    """
    if not isinstance(error, (ImportError, NameError, AttributeError)):
        return None
    name = getattr(error, "name", None)
    if isinstance(error, AttributeError):
        owner = getattr(error, "obj", None)
        name = owner.__name__ if type(owner) is type(sys) else None
    return name if isinstance(name, str) else None


def _found(names: List[Tuple[str, str]]) -> Iterator[Tuple[str, object]]:
    """What this interpreter has under the payload's names, which loads has imported."""
    for module, qualname in names:
        with contextlib.suppress(BaseException):  # foreign code: a module's __getattr__
            yield "{}.{}".format(module, qualname), _look_up(module, qualname)


def _missing(names: List[Tuple[str, str]]) -> "List[List[Optional[str]]]":
    """Those of the payload's names that this interpreter lacks; the first ``HOW_MANY_MISSING``.

    Each is ``[module, qualname, module whose import failed]``; the last is None where the module is
    there and the name is not.
    """
    missing: List[List[Optional[str]]] = []
    for module, qualname in names:
        try:
            importlib.import_module(module)
        except ModuleNotFoundError as error:
            missing.append([module, qualname, error.name or module])
        except BaseException:  # a module that fails otherwise is there
            continue
        else:
            try:
                _look_up(module, qualname)
            except AttributeError:
                missing.append([module, qualname, None])
            except BaseException:  # a module's __getattr__ is foreign code
                continue
        if len(missing) >= HOW_MANY_MISSING:
            break
    return missing
