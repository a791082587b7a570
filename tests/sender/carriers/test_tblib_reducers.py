"""A worker has tblib's reducers for what its library had imported, and the tests have none."""

from __future__ import annotations

import copyreg
from collections.abc import Iterator

import error_zoo as zoo
import pytest
import tblib.pickling_support
from tblib.pickling_support import pickle_exception

from pytest_portable_errors.sender.carriers.tblib_reducers import as_in_a_worker


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = dict(copyreg.dispatch_table)
    yield
    copyreg.dispatch_table.clear()
    copyreg.dispatch_table.update(before)


def has(cls: type) -> bool:
    return copyreg.dispatch_table.get(cls) is pickle_exception


def test_built_in_classes_and_the_librarys_have_one_and_a_users_has_none() -> None:
    with as_in_a_worker(("hypothesis",)):
        from hypothesis.errors import Unsatisfiable

        assert has(ValueError)
        assert has(Unsatisfiable)
        assert not has(zoo.PaymentError)
        assert not has(pytest.UsageError), "it is nobody's who is named"
    assert not has(ValueError)


def test_a_library_that_installs_nothing_has_what_the_block_registers() -> None:
    with as_in_a_worker((), installs=False):
        assert not has(ValueError)
        tblib.pickling_support.install(zoo.PaymentError(7, "m"))
        assert has(zoo.PaymentError)
    assert not has(zoo.PaymentError)


def test_what_the_tests_themselves_have_registered_is_set_aside_and_put_back() -> None:
    tblib.pickling_support.install()
    copyreg.pickle(zoo.Portable, zoo.reduce_to_message)
    with as_in_a_worker(()):
        assert not has(zoo.PaymentError)
        assert copyreg.dispatch_table[zoo.Portable] is zoo.reduce_to_message, "it is not tblib's"
    assert has(zoo.PaymentError)
    assert copyreg.dispatch_table[zoo.Portable] is zoo.reduce_to_message


def test_so_it_is_after_an_error() -> None:
    before = dict(copyreg.dispatch_table)
    with pytest.raises(KeyError), as_in_a_worker(()):
        raise KeyError
    assert copyreg.dispatch_table == before
