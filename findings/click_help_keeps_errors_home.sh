#!/usr/bin/env bash
# Package: click 8.5.1.
# Source: click/decorators.py (help_option), click/exceptions.py (UsageError.ctx).
#
# Expected: a usage error of a command whose own parts are all importable can be pickled, as one without a
# context can.
# Seen: it holds the context, which holds the command, and as soon as a line was parsed the command keeps
# the option --help that click itself has added, whose callback is a function inside a function. With
# add_help_option=False the same error travels.
# It matters to whoever parses command lines in a worker: not the program's code is in the way, but --help.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python --version
venv/bin/pip install -qq --disable-pip-version-check click==8.5.1
venv/bin/pip freeze -qq

cat >command.py <<'PY'
import pickle

import click


def order(size):
    pass


def command(**options):
    return click.Command("order", params=[click.Option(["--size"])], callback=order, **options)


for has_help in (True, False):
    try:
        command(add_help_option=has_help).main(["--sise", "7"], standalone_mode=False)
    except click.UsageError as error:
        try:
            pickle.dumps(error)
        except AttributeError as failure:
            print("with --help:", str(failure).split("'")[-2])
        else:
            print("without it: pickled")
PY

cat >expected <<'TEXT'
with --help: help_option.<locals>.show_help
without it: pickled
TEXT

venv/bin/python command.py >seen
cat seen
diff expected seen || { echo "This has changed."; exit 1; }
