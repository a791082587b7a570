"""Errors are read by clients that were not updated yet: another environment, with an older version
of the library that defines them.

An error that got a third argument in 2.0 is a TypeError in a client that has 1.0; a class that is
new in 2.0 is an AttributeError. Every test of 2.0 was green, and ``receiver="with-project"`` finds
nothing either: all that is around is 2.0. The receiver here is the clients' interpreter.
"""

import shutil
import subprocess
import venv
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def consumer_python(tmp_path_factory):
    """The interpreter of an environment with ``shopclient`` 1.0. In your project: the path of one
    that has what your clients have."""
    folder = tmp_path_factory.mktemp("consumer")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    asked = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site_packages = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    shutil.copy(HERE / "release_1_0" / "shopclient.py", site_packages)
    return str(python)
