"""Applies the first fix of each lossy exception of a corpus literally, and sends it again.

Outside CI: it needs a corpus of real exceptions, a folder with ``corpus.jsonl``, ``envs.json`` and
the ``score.py`` that makes its environments; CONTRIBUTING.md says what they hold.

    python tests/corpus_applied.py CORPUS [--work DIR] [--env NAME] [-j 2] [--json FILE] [ID ...]

For each lossy line with a fix: one process asks for the fix, a second one runs its text and pickles
the exception and two more of its class (a copy with a note, and one that is built), a third loads
and describes them. What cannot be pickled by itself may arrive as None or a text.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

PLAIN = r"""
import json, os, pickle, re, sys

def stuck_in(exc):
    names = []
    for name, value in list(vars(exc).items()):
        try:
            pickle.dumps(value)
        except Exception:
            names.append(name)
    for number, value in enumerate(exc.args):
        try:
            pickle.dumps(value)
        except Exception:
            names.append(number)
    return names

def shown(value):
    try:
        text = repr(value)
    except Exception as error:
        text = "repr raises " + type(error).__name__
    return type(value).__name__ if " at 0x" in text else text

def message_of(exc):
    return re.sub(" at 0x[0-9a-f]+", "", str(exc))

def plain(exc, stuck):
    held = {k: shown(v) for k, v in vars(exc).items() if k not in stuck}
    names = [n for c in type(exc).__mro__ for s in [vars(c).get("__slots__", ())] for n in ([s] if isinstance(s, str) else s)]
    slots = {n: shown(getattr(exc, n, "<unset>")) for n in names if not n.startswith("__")}
    try:
        text = message_of(exc)
    except Exception as error:
        text = "str raises " + type(error).__name__
    numbers = [n for n in stuck if isinstance(n, int)]
    args = ["" if n in numbers else shown(value) for n, value in enumerate(exc.args)]
    kept = sorted(n for n in stuck if isinstance(n, str) and n in vars(exc))
    return [type(exc).__module__ + "." + type(exc).__qualname__, "" if numbers else text, args, held, slots, kept]

def answer(out):
    open(sys.argv[2], "w").write(json.dumps(out))
    sys.stdout.flush()
    os._exit(0)  # some libraries hang at exit
"""

ASK = (
    PLAIN
    + r"""
line = json.load(open(sys.argv[1]))
scope = {"__name__": "corpus_setup"}
exec(compile(line["setup"], "setup", "exec"), scope)
from pytest_portable_errors import check_round_trip
checks = ("type", "message", "args", "attributes", "notes", "members")
trip = check_round_trip(scope["exc"], serializer="pickle", receiver="without-project", checks=checks)
fixes = trip.diagnosis.fixes if trip.diagnosis is not None else ()
first = fixes[0] if fixes else None
answer({"lossy": not trip.arrived_whole, "fix": first and {
    "code": first.code, "title": first.title, "owner": first.owner, "method": first.method, "whole": first.arrives_whole,
    "gives_up": first.gives_up, "still_lost": first.still_lost, "expect": first.expect}})
"""
)

SEND = (
    PLAIN
    + r"""
import functools, importlib, textwrap
line = json.load(open(sys.argv[1]))
scope = {"__name__": "corpus_setup"}
exec(compile(line["setup"], "setup", "exec"), scope)
exc, fix = scope["exc"], line["fix"]
from pytest_portable_errors.building.build import build
from pytest_portable_errors.sender.copies import copy_without_traceback
siblings, noted = [exc], copy_without_traceback(exc)
if noted is not None:
    try:
        noted.__notes__ = ["added later"]
        siblings.append(noted)
    except Exception:
        pass
try:
    siblings.append(build(type(exc), values={})[0].exc)
except Exception:
    pass
if fix["method"]:
    names = {}
    module, _, qualname = fix["owner"].partition(":")
    owner = functools.reduce(getattr, qualname.split("."), importlib.import_module(module))
    exec(textwrap.dedent(fix["code"]), vars(sys.modules[module]), names)
    setattr(owner, fix["method"], names[fix["method"]])
elif "copyreg" in fix["code"]:
    exec(fix["code"], {"__name__": "pasted"})
out = []
for sibling in siblings:
    try:
        stuck = stuck_in(sibling)
        out.append([pickle.dumps(sibling).hex(), plain(sibling, stuck), stuck, message_of(sibling), fix["expect"]])
    except BaseException as error:
        out.append([None, "dumps: " + repr(error)[:300], [], "", ""])
answer(out)
"""
)

LOAD = (
    PLAIN
    + r"""
told = []
for payload, sent, stuck, message, expect in json.load(open(sys.argv[1])):
    if payload is None:
        told.append(sent)
        continue
    try:
        loaded = pickle.loads(bytes.fromhex(payload))
        received = plain(loaded, stuck)
        if "->" in expect and received[0] == expect.partition("-> ")[2] and message_of(loaded) == message:
            received = sent  # as is declared
    except BaseException as error:
        told.append("loads: " + repr(error)[:300])
        continue
    told.append("whole" if received == sent else f"{sent} -> {received}"[:600])
answer(told)
"""
)


def score_module(corpus: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("corpus_score", corpus / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(python: Path, code: str, given: object, scratch: Path, name: str, limit: int) -> Any:
    """What a process of that environment answers; a text, ``no answer...``, if it gives none."""
    sent, told = scratch / f"{name}.in", scratch / f"{name}.out"
    told.unlink(missing_ok=True)
    sent.write_text(json.dumps(given))
    env = dict(os.environ, LITELLM_LOCAL_MODEL_COST_MAP="True", PYTHONWARNINGS="ignore")
    try:
        done = subprocess.run(
            [python, "-c", code, sent, told],
            cwd=scratch,
            env=env,
            timeout=limit,
            capture_output=True,
            text=True,
        )
    except subprocess.TimeoutExpired:
        return f"no answer in {limit} s"
    return json.loads(told.read_text()) if told.exists() else f"no answer: {done.stderr[-300:]}"


def judge(line: dict[str, Any], python: Path, scratch: Path, limit: int) -> dict[str, Any]:
    name = "".join(c if c.isalnum() else "_" for c in line["id"])
    asked = run(python, ASK, line, scratch, f"{name}.ask", limit)
    if isinstance(asked, str) or not asked["lossy"] or asked["fix"] is None:
        return {"id": line["id"], "asked": asked}
    sent = run(python, SEND, {**line, "fix": asked["fix"]}, scratch, f"{name}.send", limit)
    if isinstance(sent, str):
        return {"id": line["id"], "asked": asked, "told": [sent]}
    told = run(python, LOAD, sent, scratch, f"{name}.load", limit)
    return {"id": line["id"], "asked": asked, "told": [told] if isinstance(told, str) else told}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path)
    parser.add_argument("ids", nargs="*")
    parser.add_argument("--project", default=str(Path(__file__).parent.parent))
    parser.add_argument("--env", action="append")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("-j", type=int, default=2)
    parser.add_argument("--limit", type=int, default=180)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    score = score_module(asked.corpus)
    envs = json.loads((asked.corpus / "envs.json").read_text())
    lines = [json.loads(text) for text in (asked.corpus / "corpus.jsonl").read_text().splitlines()]
    lines = [
        line
        for line in lines
        if line["verdict"] != "ok"
        and (not asked.env or line["env"] in asked.env)
        and (not asked.ids or any(part in line["id"] for part in asked.ids))
    ]
    scratch = asked.work / "applied"
    scratch.mkdir(parents=True, exist_ok=True)
    pythons = {
        name: score.environment(name, envs[name], asked.work, asked.project)
        for name in sorted({line["env"] for line in lines})
    }
    with concurrent.futures.ThreadPoolExecutor(asked.j) as pool:
        results = list(
            pool.map(lambda line: judge(line, pythons[line["env"]], scratch, asked.limit), lines)
        )
    if asked.json:
        asked.json.write_text(json.dumps(results, indent=1))
    applied = [result for result in results if "told" in result]
    for result in results:
        if "told" not in result:
            print(
                "NO FIX  ",
                result["id"],
                result["asked"] if isinstance(result["asked"], str) else "",
            )
        elif any(told != "whole" for told in result["told"]):
            print(
                "LOSSY   ",
                result["id"],
                result["asked"]["fix"]["title"],
                [t for t in result["told"] if t != "whole"],
            )
    whole = sum(all(told == "whole" for told in result["told"]) for result in applied)
    print(
        f"applied: {whole}/{len(applied)} = {whole / max(1, len(applied)):.3f}; without a fix: {len(results) - len(applied)}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
