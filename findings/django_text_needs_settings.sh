#!/usr/bin/env bash
# Package: Django 5.2.19, Python 3.11 or newer.
# Source: the documentation, "Translation", section "Lazy translation"; `django.core.exceptions.ValidationError`.
#
# Expected: an error that has been unpickled can be printed; its text was made where it was raised.
# Seen: a ValidationError whose message is a lazy translation, as all of Django's own validators have it, takes
# the translation along as a function to call. In a process with Django and without settings it is unpickled
# without complaint, and then `str()` and `repr()` of it raise ImproperlyConfigured; so does logging it. With
# settings of another language it arrives with another text than it was raised with.
# It matters because what fails is the line that reports the error, long after it was received.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python --version
venv/bin/pip install -qq --disable-pip-version-check Django==5.2.19
venv/bin/pip freeze -qq

cat >raises.py <<'PY'
import pathlib
import pickle

import django
from django.conf import settings

settings.configure(LANGUAGE_CODE="en", USE_I18N=True)
django.setup()

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

try:
    validate_email("nobody")
except ValidationError as error:
    print("raised:", error)
    pathlib.Path("payload").write_bytes(pickle.dumps(error))
PY

cat >reads.py <<'PY'
import pathlib
import pickle
import sys

if len(sys.argv) > 1:
    import django
    from django.conf import settings

    settings.configure(LANGUAGE_CODE=sys.argv[1], USE_I18N=True)
    django.setup()

error = pickle.loads(pathlib.Path("payload").read_bytes())
print("unpickled:", type(error).__name__, error.code)
for text in (str, repr):
    try:
        print(f"{text.__name__}:", text(error))
    except Exception as raised:
        print(f"{text.__name__} raises", type(raised).__name__)
PY

cat >expected <<'TEXT'
raised: ['Enter a valid email address.']
unpickled: ValidationError invalid
str raises ImproperlyConfigured
repr raises ImproperlyConfigured
unpickled: ValidationError invalid
str: ['Bitte gültige E-Mail-Adresse eingeben.']
repr: ValidationError(['Bitte gültige E-Mail-Adresse eingeben.'])
TEXT

{
    venv/bin/python raises.py
    venv/bin/python reads.py
    venv/bin/python reads.py de
} >seen
cat seen
diff expected seen || { echo "This has changed."; exit 1; }
