"""Fixes are tried on the very exception, through a table of their own, and told as they turned
out."""

from __future__ import annotations

import contextlib
import copyreg
import gc
import importlib
import json
import os
import pickle
import threading
import weakref
from types import SimpleNamespace
from typing import Any

import error_zoo as zoo
import pytest
from hypothesis.errors import InvalidArgument

from pytest_portable_errors import Fix, RoundTrip, check_round_trip
from pytest_portable_errors.diagnosis.candidate import Candidate
from pytest_portable_errors.diagnosis.chain_recipe import WithChain
from pytest_portable_errors.diagnosis.pickle_reader import read
from pytest_portable_errors.diagnosis.recipe_target import Target
from pytest_portable_errors.diagnosis.recipes import WithoutInit
from pytest_portable_errors.sender.answered import RUN_TRIAL_SECONDS
from pytest_portable_errors.sender.arrival import arrive, arrive_for_comparison
from pytest_portable_errors.sender.copies import copy_without_traceback
from pytest_portable_errors.sender.fix_trials import FixTrials
from pytest_portable_errors.sender.outgoing import describe_and_pickle
from pytest_portable_errors.sender.pending_trip import PendingTrip, TripSettings, send
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.repaired import Repaired
from pytest_portable_errors.sender.request import Request
from pytest_portable_errors.sender.serializers import PICKLES
from pytest_portable_errors.sender.tried_fix import TriedFix


@pytest.fixture(autouse=True)
def _no_earlier_instances(monkeypatch: pytest.MonkeyPatch) -> None:
    """What earlier tests of this process raised would be tried as well."""
    monkeypatch.setattr(Repaired, "of", lambda *_: ())


def trip_of(exc: BaseException, **asked: Any) -> RoundTrip:
    return check_round_trip(exc, **{"receiver": "with-project", **asked})


def best(exc: BaseException, **asked: Any) -> Fix:
    trip = trip_of(exc, **asked)
    assert trip.diagnosis is not None
    return trip.diagnosis.fixes[0]


@pytest.mark.parametrize("serializer", ["pickle", "pickle:2", "pickle:5", "cloudpickle", "dill"])
def test_a_fix_is_tried_with_the_serializer_that_lost_something(serializer: str) -> None:
    if serializer == "dill":
        pytest.importorskip("dill")
    fix = best(zoo.PaymentError(7, "declined"), serializer=serializer)
    assert fix.arrives_whole
    assert "type(self), (self.order_id, self.reason)" in fix.code


def test_one_that_does_not_arrive_in_a_process_of_its_own_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The trials of an exception share a process, where an earlier one may have helped."""
    resent = PendingTrip.resent

    def helped(self: PendingTrip, *, is_fresh: bool = False, **asked: Any) -> PendingTrip:
        if is_fresh:  # there it fares as it did without the fix
            asked["outgoing"] = None
        return resent(self, is_fresh=is_fresh, **asked)

    assert best(zoo.PaymentError(6, "declined")).arrives_whole, "the control"
    monkeypatch.setattr(PendingTrip, "resent", helped)
    trip = trip_of(zoo.PaymentError(7, "declined"))
    assert trip.diagnosis is not None
    assert trip.diagnosis.fixes == ()


@pytest.mark.parametrize(("arrives_as", "kept"), [(None, 1), ("builtins.RuntimeError", 0)])
def test_what_arrives_as_another_class_is_no_instance_of_its_own(
    monkeypatch: pytest.MonkeyPatch, arrives_as: str | None, kept: int
) -> None:
    payloads: list[bytes] = []
    monkeypatch.setattr(Repaired, "keep", lambda *kept: payloads.append(kept[-1]))
    assert best(zoo.PaymentError(8, "declined"), arrives_as=arrives_as).arrives_whole
    assert len(payloads) == kept


def test_a_trip_for_comparison_shows_what_was_lost_and_searches_for_nothing() -> None:
    with contextlib.closing(Receivers()) as receivers:

        def both(exc: BaseException) -> tuple[RoundTrip, RoundTrip]:
            pending = send(
                describe_and_pickle(exc, serializer=PICKLES[0]),
                receivers=receivers,
                settings=TripSettings(receiver="with-project"),
            )
            explained, compared = arrive(pending).trip, arrive_for_comparison(pending)
            assert (compared.stage, compared.losses) == (explained.stage, explained.losses)
            return explained, compared

        explained, compared = both(zoo.DropsState("Bearer sk-1234567890abcdef"))
        assert explained.credentials
        assert (compared.diagnosis, compared.credentials) == (None, ())
        explained, compared = both(zoo.PaymentError(7, "declined"))
        assert compared == explained, "nothing arrived: as arrive() has it"


def test_the_process_s_copyreg_and_the_class_stay_as_they_were() -> None:
    before, own = dict(copyreg.dispatch_table), dict(vars(zoo.PaymentError))
    assert best(zoo.PaymentError(7, "declined")).arrives_whole
    assert best(noted_json_error()).arrives_whole
    assert copyreg.dispatch_table == before
    assert dict(vars(zoo.PaymentError)) == own


def noted_json_error() -> BaseException:
    """Somebody else's error, whose reducer drops its note."""
    exc = json.JSONDecodeError("m", "document", 3)
    exc.__notes__ = ["a note"]  # add_note is 3.11
    return exc


def test_somebody_elses_class_gets_a_registration_and_one_s_own_a_method() -> None:
    foreign, own = best(noted_json_error()), best(zoo.NotFound("bob"))
    assert foreign.code.rstrip().endswith("copyreg.pickle(JSONDecodeError, reduce_exception)")
    assert (foreign.owner, foreign.method) == ("json.decoder:JSONDecodeError", "")
    assert own.code.startswith("def __reduce__(self):")
    assert (own.owner, own.method) == ("error_zoo:NotFound", "__reduce__")


def test_a_built_in_class_gets_none_because_it_would_be_everybody_s() -> None:
    trip = trip_of(NameError("x", name="x"))
    assert trip.diagnosis is not None
    assert trip.diagnosis.fixes == ()


def test_the_least_invasive_that_gives_up_nothing_comes_first_and_ends_the_trials() -> None:
    trip = trip_of(zoo.PaymentError(7, "declined"))
    assert trip.diagnosis is not None
    (fix,) = trip.diagnosis.fixes
    assert (fix.arrives_whole, fix.gives_up, fix.still_lost) == (True, (), ())


def test_what_cannot_travel_is_given_up_by_name() -> None:
    fix = best(zoo.HoldsLock("a"))
    assert (fix.arrives_whole, fix.gives_up) == (True, ("exc.client",))


def test_what_has_a_name_that_begins_alike_is_not_given_up_with_it() -> None:
    candidate = Candidate(
        title="",
        recipe=WithoutInit(base="Exception", dropped=("client",)),
        target=TARGET,
        gives_up=("exc.client",),
    )
    assert candidate.covers("exc.client")
    assert candidate.covers("exc.client.pool[0]")
    assert candidate.covers("exc.__cause__.client")
    assert not candidate.covers("exc.client_id")
    assert not candidate.covers("exc.__cause__.client_id")


TARGET = Target(module="m", qualname="C", method="__reduce__")


def test_a_value_that_cannot_be_loaded_is_given_up_by_name() -> None:
    exc = zoo.NotFound("bob")
    exc.detail = CannotBeLoaded()  # type: ignore[attr-defined]  # any attribute
    fix = best(exc)
    assert (fix.arrives_whole, fix.gives_up) == (True, ("exc.detail",))


class CannotBeLoaded:
    def __reduce__(self) -> tuple[Any, ...]:
        return int, ("seven",)


def test_what_a_fix_does_not_repair_is_told() -> None:
    exc: Any = zoo.Portable
    trip = trip_of(exc("a", threading.Lock()))
    assert trip.diagnosis is not None
    fixes = trip.diagnosis.fixes
    assert not any(fix.arrives_whole and not fix.gives_up for fix in fixes)
    # The message is what Python makes of the arguments, one of which goes as text.
    assert fixes[0].gives_up == ("exc.args[1]", "exc.size", "message")
    assert "(tried: arrives whole, without exc.args[1], exc.size, message)" in str(trip)
    changing: Any = zoo.PaymentError(7, "declined")
    changing.zone = zoo.Changing("a")
    told = trip_of(changing)
    assert told.diagnosis is not None
    assert [fix.still_lost for fix in told.diagnosis.fixes][:1] == [("exc.zone",)]
    assert "and still loses exc.zone)" in str(told)


def test_a_class_that_the_receiver_lacks_can_arrive_as_its_nearest_base() -> None:
    trip = check_round_trip(zoo.FilenameError("f"))
    assert trip.diagnosis is not None
    with_project, nearest, farther = trip.diagnosis.fixes
    assert (with_project.receiver, with_project.gives_up) == ("with-project", ())
    assert nearest.arrives_whole
    assert "exc.__class__" in nearest.gives_up
    assert "arrive as OSError" in nearest.title
    assert nearest.expect == "error_zoo.FilenameError -> builtins.OSError"
    assert "arrive as Exception" in farther.title
    assert set(nearest.gives_up) < set(farther.gives_up)


def test_a_chain_of_classes_that_the_receiver_lacks_arrives_as_text_below_the_base() -> None:
    trip = check_round_trip(
        zoo.chained(zoo.NotFound("bob"), cause=zoo.chained(zoo.Portable("p"), cause=KeyError("k")))
    )
    assert trip.diagnosis is not None
    downgrade = trip.diagnosis.fixes[-1]
    assert (downgrade.receiver, downgrade.arrives_whole) == ("without-project", True)
    assert downgrade.gives_up[:2] == ("exc.__class__", "exc.__cause__")


def test_a_defect_that_is_there_with_the_project_is_repaired_there() -> None:
    trip = check_round_trip(zoo.PaymentError(7, "declined"))
    assert trip.diagnosis is not None
    assert [(fix.receiver, fix.arrives_whole) for fix in trip.diagnosis.fixes] == [
        ("with-project", True),
        ("without-project", True),
    ]
    assert "arrives whole in with-project" in str(trip)


def test_a_chain_is_kept_whatever_its_classes_and_foreign_links_go_as_text() -> None:
    exc = zoo.chained(
        zoo.NotFound("bob"), cause=zoo.chained(zoo.PaymentError(1, "x"), cause=KeyError("k"))
    )
    fix = best(exc)
    assert (fix.arrives_whole, fix.gives_up) == (True, ())
    assert fix.limits == (
        "tried with a cause whose class the receiver lacks, too: that arrives as text",
    )


def test_a_link_of_the_project_goes_as_it_is_where_the_receiver_has_the_project() -> None:
    exc = zoo.chained(json.JSONDecodeError("k", "", 0), cause=zoo.PaymentError(1, "x"))
    assert best(exc).gives_up == ()
    assert best(exc, receiver="without-project").gives_up == ("exc.__cause__",)


def test_what_is_declared_to_arrive_as_a_library_s_class_does() -> None:
    fix = best(Refused("m"), arrives_as=InvalidArgument, receiver="without-project")
    assert (fix.arrives_whole, fix.still_lost) == (True, ())
    assert 'known |= {"hypothesis"}' in fix.code


def test_a_class_that_a_library_makes_gets_a_registration_because_it_has_no_body() -> None:
    made = type(
        "DoesNotExist",
        (zoo.PaymentError,),
        {"__module__": __name__, "__qualname__": "Order.DoesNotExist"},
    )
    Order.DoesNotExist = made
    fix = best(made(7, "declined"))
    assert fix.arrives_whole
    assert "copyreg.pickle(Order.DoesNotExist, reduce_exception)" in fix.code


class Order:
    """A model, as Django makes it: its error is made with it."""

    DoesNotExist: type[zoo.PaymentError]


class Refused(InvalidArgument):
    """A library's error, narrowed."""


def test_what_became_of_the_foreign_cause_is_told_as_it_was_seen() -> None:
    nodes: list[dict[str, Any]] = [
        {"type": "error_zoo.NotFound", "cause": 1},
        {"type": "builtins.RuntimeError"},
    ]
    seen = {
        "that arrives as text": {"exceptions": nodes},
        "is lost": {"exceptions": [{**nodes[0], "cause": None}]},
        "takes the whole error down": None,
    }
    for words, received in seen.items():
        recipe = WithChain(known=())
        with_foreign_cause: Any = SimpleNamespace(received=received)
        trip: Any = SimpleNamespace(losses=(), declared_lost=(), sent={"exceptions": nodes})
        tried = TriedFix(
            candidate=Candidate(title="", recipe=recipe, target=TARGET), trip=trip, reducers={}
        )
        (limit,) = tried.fix(
            "with-project", with_foreign_cause, owner=zoo.Portable, instances=1, unrepaired=0
        ).limits
        assert limit.endswith(words)


def test_a_test_that_replaces_the_clock_has_its_fixes_tried() -> None:
    freezegun = pytest.importorskip("freezegun")
    # It asks all modules for their attributes, and some import pydantic for that, which would keep
    # the replaced classes in its tables.
    with contextlib.suppress(ImportError):
        importlib.import_module("pydantic.main")
    # each look at that clock is beyond any budget
    with freezegun.freeze_time("2020-01-01", auto_tick_seconds=1_000):
        assert best(zoo.PaymentError(7, "by another clock")).arrives_whole


def test_a_chain_of_two_thousand_links_and_a_cycle_end() -> None:
    first = last = zoo.NotFound("0")
    for n in range(2_000):
        last.__cause__ = ValueError(n)
        last = last.__cause__  # type: ignore[assignment]  # there is one
    # but it arrives, where the whole chain would exceed pickle's recursion
    assert best(first).still_lost
    cycle = zoo.NotFound("a")
    cycle.__cause__ = ValueError("b")
    cycle.__cause__.__cause__ = cycle
    assert "message" not in best(cycle).still_lost


def test_a_class_that_refuses_its_state_is_called_again_whoever_s_it_is() -> None:
    with pytest.raises(zoo.FrozenData) as raised:
        raise zoo.FrozenData(3, "declined") from KeyError("k")
    trip = trip_of(raised.value, checks=("type", "message", "args", "attributes"))
    assert trip.diagnosis is not None
    fix = trip.diagnosis.fixes[0]
    assert (fix.arrives_whole, fix.gives_up, fix.limits) == (
        True,
        (),
        ("carries no chain, as plain pickle",),
    )


def test_a_serializer_of_one_s_own_gets_no_fix_because_none_can_be_tried() -> None:
    class Wire:
        name, loader, needs = "wire", "pickle:loads", ()

        def dumps(self, exc: BaseException) -> bytes:
            return pickle.dumps(exc)

    trip = trip_of(zoo.PaymentError(7, "declined"), serializer=Wire())
    assert trip.diagnosis is not None
    assert trip.diagnosis.fixes == ()


def test_a_credential_that_the_chain_would_expose_is_taken_out() -> None:
    httpx = pytest.importorskip("httpx")
    request = httpx.Request(
        "POST", "https://api.example/v1", headers={"Authorization": "Bearer sk-1234567890abcdef"}
    )
    exc = zoo.chained(
        zoo.NotFound("bob"),
        cause=httpx.HTTPStatusError(
            "m", request=request, response=httpx.Response(401, request=request)
        ),
    )
    trip = trip_of(exc)
    assert trip.credentials == ()  # plain pickle drops the chain, and the key with it
    fix = best(exc)
    assert fix.arrives_whole
    assert all("authorization" in path for path in fix.gives_up)
    assert fix.gives_up
    # the live request is not touched
    assert request.headers["Authorization"] == "Bearer sk-1234567890abcdef"
    assert "1234567890" not in str(trip) + repr(fix)


def test_what_is_left_out_for_the_sake_of_a_header_is_named() -> None:
    """A client that is not httpx's: its whole request goes, and is not called a header."""
    cause = zoo.NotFound("k")
    cause.request = HasHeaders()  # type: ignore[attr-defined]  # any attribute
    exc = zoo.chained(zoo.NotFound("bob"), cause=cause)
    fix = best(exc)
    assert (fix.arrives_whole, fix.gives_up) == (True, ("exc.__cause__.request",))


class HasHeaders:
    def __init__(self) -> None:
        self.headers = {"authorization": "Bearer sk-1234567890abcdef"}


def test_a_link_that_refuses_whatever_is_left_out_goes_as_text() -> None:
    pydantic = pytest.importorskip("pydantic")
    model = pydantic.create_model("Model", number=(int, ...))
    with pytest.raises(pydantic.ValidationError) as refused:
        model(number="seven")
    fix = best(
        zoo.chained(zoo.NotFound("bob"), cause=zoo.chained(KeyError("k"), cause=refused.value))
    )
    assert (fix.arrives_whole, fix.gives_up) == (True, ("exc.__cause__.__cause__",))


def test_a_reducer_of_the_class_s_own_is_kept_where_it_only_leaves_something_out() -> None:
    fix = best(noted_json_error())
    assert fix.arrives_whole
    assert "function, args, *more = error.__reduce_ex__(4)" in fix.code


def test_a_credential_in_an_attribute_of_a_link_is_taken_out_with_it() -> None:
    cause = zoo.NotFound("k")
    cause.api_key = "topsecretvalue"  # type: ignore[attr-defined]  # any attribute
    fix = best(zoo.chained(zoo.NotFound("bob"), cause=cause))
    assert fix.gives_up == ("exc.__cause__.api_key",)
    assert fix.arrives_whole


def test_fixes_are_data_too() -> None:
    (row,) = trip_of(zoo.PaymentError(7, "declined")).to_dict()["fixes"]
    assert row["arrives_whole"] is True
    assert row["code"].startswith("def __reduce__")


def test_what_hangs_is_tried_once() -> None:
    class Hangs:
        def __reduce__(self) -> tuple[Any, ...]:
            return eval, ("[0 for _ in iter(int, 1)]",)

    exc = zoo.NotFound("bob")
    exc.detail = Hangs()  # type: ignore[attr-defined]  # any attribute
    trip = trip_of(exc, timeout=0.5)
    assert trip.stage.value == "timed-out"
    assert trip.diagnosis is not None
    assert trip.diagnosis.fixes == ()


# --- other instances


def no_siblings(self: FixTrials, owner: type) -> list[BaseException]:
    return []


class RefusedByATest(zoo.Refused):
    """No receiver has it: nothing can be learnt from its instances."""


def test_a_subclass_that_a_test_defines_counts_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[type] = []
    original = FixTrials._siblings

    def seen(self: FixTrials, owner: type) -> list[BaseException]:
        siblings = original(self, owner)
        made[:] = map(type, siblings)
        return siblings

    monkeypatch.setattr(FixTrials, "_siblings", seen)
    fix = best(zoo.Refused(5, "m"))
    assert RefusedByATest in made, "the control"
    assert (fix.arrives_whole, fix.gives_up, fix.unrepaired) == (True, (), 0)
    assert fix.instances == 1 + len([cls for cls in made if cls.__module__ == zoo.__name__])


def test_a_fix_goes_to_the_class_that_owns_the_defect_and_is_tried_on_those_that_inherit() -> None:
    inherits = best(zoo.RefusedTwice(3, "m"))
    assert (inherits.owner, inherits.method) == ("error_zoo:Refused", "__reduce__")
    assert inherits.title.startswith("add __reduce__ to error_zoo.Refused, ")
    assert (inherits.arrives_whole, inherits.unrepaired) == (True, 0)
    alone = best(zoo.PaymentError(7, "declined"))
    assert inherits.instances > alone.instances > 1


def test_one_that_harms_an_instance_is_not_offered() -> None:
    """RefusedForGood arrives as it is: called with a code and a reason, it would not."""
    trip = trip_of(zoo.Refused(3, "m"))
    assert trip.diagnosis is not None
    assert trip_of(zoo.RefusedForGood("m")).arrived_whole
    assert [fix.title for fix in trip.diagnosis.fixes] == [
        "add __reduce__ to error_zoo.Refused, which does not call __init__"
    ]
    assert "which calls it with what it stored" in best(zoo.PaymentError(7, "m")).title, (
        "the control: nothing inherits that one"
    )


def test_the_control_it_would_have_repaired_the_exception_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(FixTrials, "_siblings", no_siblings)
    fix = best(zoo.Refused(4, "m"))
    assert (fix.title, fix.arrives_whole, fix.instances) == (
        "add __reduce__ to error_zoo.Refused, which calls it with what it stored",
        True,
        1,
    )


def test_the_method_that_pickle_asks_for_first_is_replaced() -> None:
    exc = zoo.DropsByProtocol("m")
    exc.code = 3  # type: ignore[attr-defined]  # any attribute
    fix = best(exc)
    assert fix.title.startswith("replace __reduce_ex__ of error_zoo.DropsByProtocol, ")
    assert fix.code.startswith("def __reduce_ex__(self, protocol):")
    assert (fix.arrives_whole, fix.method) == (True, "__reduce_ex__")


def test_what_can_travel_is_kept_though_another_instance_leaves_a_lock_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fix = best(zoo.HoldsLock("a"))
    assert (fix.gives_up, fix.unrepaired, fix.expect) == (("exc.client",), 0, "")
    scope: dict[str, Any] = {}
    exec(fix.code, scope)
    monkeypatch.setattr(zoo.HoldsLock, "__reduce__", scope["__reduce__"])
    holds_lock, holds_none = zoo.HoldsLock("a"), zoo.HoldsLock("b")
    holds_none.client = {"pool": []}
    assert pickle.loads(pickle.dumps(holds_lock)).client is None
    assert pickle.loads(pickle.dumps(holds_none)).client == {"pool": []}


def test_one_that_would_stop_at_a_lock_leaves_it_behind_for_a_class_that_leaves_locks_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its reducer may be there for what cannot be pickled, which another instance holds."""
    exc: Any = zoo.DropsState("m")
    exc.client = zoo.Holder(3)
    trip = trip_of(exc)
    assert trip.diagnosis is not None
    assert [loss.path for loss in trip.losses] == ["exc.client"]
    fix = trip.diagnosis.fixes[0]
    assert (fix.arrives_whole, fix.gives_up) == (True, ())
    assert 'for name in ("client",):' in fix.code
    numbered: Any = zoo.DropsState("m")
    numbered.code = 3
    assert "suppress" not in best(numbered).code, "a control: no lock is expected for a number"
    monkeypatch.setattr(FixTrials, "_siblings", no_siblings)
    exc.client.held = 4
    assert "suppress" not in best(exc).code, "a control: for this instance it would do"


def test_the_text_says_on_how_many_it_was_tried_and_how_many_still_lose_something(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lossy: Any = zoo.PaymentError(8, "declined")
    lossy.zone = zoo.Changing("a")
    with monkeypatch.context() as patched:
        patched.setattr(FixTrials, "_siblings", lambda *_: [lossy])
        trip = trip_of(zoo.PaymentError(7, "it is tried on another, which loses something"))
    assert trip.diagnosis is not None
    first = trip.diagnosis.fixes[0]
    assert first.unrepaired == 1
    assert (
        f"        (tried on {first.instances} instances: 1 of them still loses something)\n"
    ) in str(trip)
    whole = trip_of(zoo.NotFound("bob"))
    assert whole.diagnosis is not None
    assert f"        (tried on {whole.diagnosis.fixes[0].instances} instances)\n" in str(whole)


def test_where_the_exception_alone_was_tried_nothing_is_said_of_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(FixTrials, "_siblings", no_siblings)
    trip = trip_of(zoo.NotFound("tried alone"))
    assert trip.diagnosis is not None
    assert trip.diagnosis.fixes[0].instances == 1
    assert "tried on" not in str(trip)


def test_two_that_read_alike_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[Fix] = []
    original = FixTrials._try

    def seen(self: FixTrials, candidate: Candidate) -> Fix | None:
        fix = original(self, candidate)
        tried.extend([fix] if fix is not None else [])
        return fix

    monkeypatch.setattr(FixTrials, "_try", seen)
    monkeypatch.setattr("pytest_portable_errors.sender.fix_trials._MOST_FIXES", 9)
    payment: Any = zoo.PaymentError
    trip = trip_of(payment(zoo.Changing("a"), "it loses something by itself"))
    assert trip.diagnosis is not None
    told = [(fix.title, fix.gives_up, fix.still_lost) for fix in trip.diagnosis.fixes]
    of_each = [(fix.title, fix.gives_up, fix.still_lost) for fix in tried]
    assert len(told) == len(set(told)) < len(of_each)
    assert set(told) == set(of_each)


def test_a_fix_of_the_class_names_its_file_and_lines() -> None:
    fix = best(zoo.PaymentError(7, "declined"))
    assert os.path.samefile(fix.file, zoo.__file__)
    constructor: Any = zoo.PaymentError.__init__
    assert constructor.__code__.co_firstlineno in fix.lines


def test_what_repairs_nothing_is_not_offered() -> None:
    """What changes in its own pickling changes whatever pickles the exception that holds it."""
    holding: Any = zoo.Portable("m")
    holding.last = zoo.NotFound("bob")
    trip = trip_of(holding)
    assert trip.diagnosis is not None
    assert [loss.path for loss in trip.losses] == ["exc.last.args[0]"]
    assert trip.diagnosis.fixes == ()
    assert best(holding.last).arrives_whole, "the control: its own class is to be repaired"


# --- copies


@pytest.mark.parametrize(
    "exc",
    [
        zoo.PaymentError(1, "a"),
        zoo.FilenameError("f"),
        StopIteration(3),
        UnicodeDecodeError("u", b"a", 0, 1, "r"),
    ],
)
def test_a_copy_is_described_as_the_exception_is(exc: BaseException) -> None:
    from pytest_portable_errors.receiver.record import describe

    exc = zoo.chained(exc, cause=KeyError("k"))
    copied = copy_without_traceback(exc)
    assert copied is not None
    assert copied is not exc
    assert type(copied) is type(exc)
    assert describe(copied) == describe(exc)


def test_a_copy_keeps_neither_the_exception_nor_its_frames_alive() -> None:
    class Value:
        pass

    def raise_it() -> tuple[BaseException | None, Any, Any]:
        local = Value()
        try:
            raise zoo.NotFound("bob")
        except zoo.NotFound as exc:
            return copy_without_traceback(exc), weakref.ref(local), weakref.ref(exc)

    copied, local, exc = raise_it()
    gc.collect()
    assert copied is not None
    assert copied.__traceback__ is None
    assert (local(), exc()) == (None, None)


def test_a_class_whose_end_has_consequences_is_not_copied() -> None:
    class Ends(Exception):
        def __del__(self) -> None: ...

    assert copy_without_traceback(Ends("a")) is None
    assert copy_without_traceback(zoo.chained(ValueError("a"), cause=Ends("b"))) is None


# --- what is not done twice


def test_the_same_payload_of_pickle_and_cloudpickle_is_one_request_and_its_fixes_are_tried_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs: list[str] = []
    original = FixTrials.run

    def counted(self: FixTrials, candidates: Any) -> Any:
        runs.append(self.serializer.name)
        return original(self, candidates)

    monkeypatch.setattr(FixTrials, "run", counted)
    exc = zoo.PaymentError(7, "one that no other test has")
    assert trip_of(exc).diagnosis == trip_of(exc, serializer="cloudpickle").diagnosis
    assert runs == ["pickle"]


@pytest.mark.parametrize(
    ("exc", "is_kept"), [(zoo.Spins("a"), True), (zoo.Exits("a"), False)], ids=repr
)
def test_a_payload_that_takes_too_long_does_so_once(
    receivers: Receivers, exc: BaseException, is_kept: bool
) -> None:
    """Whatever ended the process may have been another payload's doing, and is seen again."""
    payload = pickle.dumps(exc)
    request = Request(
        receiver="with-project",
        payload=payload,
        serializer=receivers.serializers.find("pickle"),
        names=[(name.module, name.qualname) for name in read(payload).names],
        timeout=0.5,
        traceback=False,
    )
    ticket = receivers.submit(request)
    assert ticket.answer()["stage"] != "arrived"
    assert (receivers.submit(request) is ticket) is is_kept


def test_a_payload_that_names_cloudpickle_is_a_request_of_its_own() -> None:
    class Local(Exception):
        pass

    assert check_round_trip(
        Local("a"), serializer="cloudpickle", receiver="stdlib", checks=("message",)
    ).arrived_whole


def test_when_the_time_of_a_run_is_used_up_no_fix_is_tried_and_that_is_said(
    receivers: Receivers,
) -> None:
    exc = zoo.PaymentError(7, "beyond the time of a run")
    receivers.answered.trial_time.spent(RUN_TRIAL_SECONDS)
    trip = check_round_trip(exc, receiver="with-project")
    assert trip.diagnosis is not None
    assert trip.diagnosis.fixes == ()
    assert trip.not_looked_at == ("fixes: all of the 60 s for trying them in one run are used up",)
    receivers.answered.trial_time.left = RUN_TRIAL_SECONDS
    control = check_round_trip(exc, receiver="with-project")
    assert control.diagnosis is not None
    assert control.diagnosis.fixes
