#!/usr/bin/env bash
# Package: pygit2 1.21.0, Python 3.11 or newer.
# Source: the documentation of `pygit2.GitError` and of `Repository.revparse_single` ("KeyError if not found").
#
# Expected: an error that a worker of a process pool meets reaches the caller as what it is; those of pygit2
# are made in C, hold one text, and are documented as `KeyError` and `ValueError`, which pickle knows.
# Seen: none of them can be pickled. Their classes say that they are of the module `_pygit2`, which is
# installed as `pygit2._pygit2`, so pickle cannot import them. The caller of the pool gets a PicklingError, and
# `except KeyError` does not catch it. The one error that is written in Python has another defect: it takes no
# argument, and is made with one.
# It matters because the same line works in threads and in the worker itself.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python --version
venv/bin/pip install -qq --disable-pip-version-check pygit2==1.21.0
venv/bin/pip freeze -qq

cat >look.py <<'PY'
import concurrent.futures
import pathlib
import pickle

import pygit2


def look(folder):
    pygit2.init_repository(folder).revparse_single("no-such-branch")


def caught(run):
    try:
        run()
    except KeyError as error:
        return f"KeyError: {type(error).__module__}.{type(error).__name__}"
    except Exception as error:
        return f"{type(error).__name__}, and no KeyError"


if __name__ == "__main__":
    folder = str(pathlib.Path("repository").resolve())
    print("here:", caught(lambda: look(folder)))
    for pool in (concurrent.futures.ThreadPoolExecutor, concurrent.futures.ProcessPoolExecutor):
        with pool(1) as executor:
            print(f"{pool.__name__}:", caught(lambda: executor.submit(look, folder).result()))
    for name in ("GitError", "AlreadyExistsError", "InvalidSpecError"):
        try:
            pickle.dumps(getattr(pygit2, name)("text"))
            print(name, "is pickled")
        except pickle.PicklingError:
            print(name, "is not pickled")
    try:
        pickle.loads(pickle.dumps(pygit2.Passthrough()))
        print("Passthrough arrives")
    except TypeError:
        print("Passthrough is not rebuilt")
PY

cat >expected <<'TEXT'
here: KeyError: _pygit2.NotFoundError
ThreadPoolExecutor: KeyError: _pygit2.NotFoundError
ProcessPoolExecutor: PicklingError, and no KeyError
GitError is not pickled
AlreadyExistsError is not pickled
InvalidSpecError is not pickled
Passthrough is not rebuilt
TEXT

venv/bin/python look.py >seen
cat seen
diff expected seen || { echo "This has changed."; exit 1; }
