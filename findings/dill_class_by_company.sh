#!/usr/bin/env bash
# Packages: dill 0.4.1, multiprocess 0.70.19, Python 3.11 or newer.
# Source: dill/_dill.py (Unpickler.load).
#
# Expected: an error whose class is defined in the script itself comes back from dill as that class, as a
# round trip of the error alone shows; so `except` catches it when multiprocess, which uses dill, brings it.
# Seen: dill sends such a class by value, and points what it loads back to the script's class only when
# it is the outermost object. In a list, in an exception group, or in the envelope of a worker's answer
# it is a second class of the same name, and `except` lets it pass. multiprocessing, with pickle, is caught.
# It matters because the obvious test, dumps and loads of one error, is green, and the handler never runs.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python --version
venv/bin/pip install -qq --disable-pip-version-check --no-deps dill==0.4.1 multiprocess==0.70.19
venv/bin/pip freeze -qq

cat >script.py <<'PY'
import importlib
import sys

import dill


class OutOfStock(Exception):
    pass


def order():
    raise OutOfStock("tea")


def round_trip(value):
    return dill.loads(dill.dumps(value))


def answer_of_worker(package):
    context = importlib.import_module(package).get_context("fork")
    with context.Pool(1) as pool:
        try:
            pool.apply_async(order).get(timeout=60)
        except OutOfStock:
            return "caught"
        except Exception as error:
            return f"not caught: {type(error)}"


if __name__ == "__main__":
    package = sys.argv[1]
    if package == "dill":
        error = OutOfStock("tea")
        print("alone:", isinstance(round_trip(error), OutOfStock))
        print("in a list:", isinstance(round_trip([error])[0], OutOfStock))
        group = round_trip(ExceptionGroup("orders", [error]))
        print("in an exception group:", isinstance(group.exceptions[0], OutOfStock))
    else:
        print(f"{package}:", answer_of_worker(package))
PY

cat >expected <<'TEXT'
alone: True
in a list: False
in an exception group: False
multiprocess: not caught: <class '__main__.OutOfStock'>
multiprocessing: caught
TEXT

for package in dill multiprocess multiprocessing; do
    venv/bin/python script.py $package
done >seen
cat seen
diff expected seen || { echo "This has changed."; exit 1; }
