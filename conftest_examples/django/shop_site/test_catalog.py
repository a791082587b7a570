"""Under pytest: an error of a model and one of the application make the trip, and a real reader
shows what the first one needs there."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from catalog.errors import OutOfStock
from catalog.models import Product
from catalog.orders import order


@pytest.mark.portable_exception(receiver="with-project")
def test_no_such_product() -> None:
    with pytest.raises(Product.DoesNotExist):
        order("A2", 1)


@pytest.mark.portable_exception(receiver="with-project")
def test_too_few_of_them() -> None:
    Product.objects.create(sku="A1", left=1)
    with pytest.raises(OutOfStock):
        order("A1", 2)


@pytest.mark.parametrize(
    ("setup", "says"),
    [
        ("django.setup()", "Product.DoesNotExist: Product matching query does not exist."),
        ("pass", "AppRegistryNotReady: Apps aren't loaded yet."),
    ],
)
def test_a_real_reader(setup: str, says: str) -> None:
    with pytest.raises(Product.DoesNotExist) as caught:
        order("A2", 1)
    code = f"import django, pickle, sys; {setup}; raise pickle.loads(sys.stdin.buffer.read())"
    reader = [sys.executable, "-c", code]
    done = subprocess.run(
        reader, cwd=Path(__file__).parent, input=pickle.dumps(caught.value), capture_output=True
    )
    assert done.stderr.decode().rstrip().endswith(says)
