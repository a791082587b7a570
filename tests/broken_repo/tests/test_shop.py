"""Each exception is raised once, by a test that knows nothing of pickle."""

import pytest
from shop import arguments, inherited, reducers, stored


def noted(exc, **attributes):
    exc.__notes__ = ["a note"]
    for name, value in attributes.items():
        setattr(exc, name, value)
    return exc


@pytest.mark.parametrize(
    "exc",
    [
        arguments.TooFew(7, "declined"),
        arguments.KeywordOnly("m", code=3),
        arguments.NoParameters(),
        arguments.Rewrites("bob"),
        arguments.Shifted(3, "m"),
        arguments.Picky(4),
        arguments.NotStored("m", "s", 3),
        arguments.SetsArgs("refused", 2003),
        arguments.SetsArgs("bad", 1043, state="08S01"),
        arguments.Private("n", 2),
        arguments.Varied("a", "b", "c"),
        arguments.ByNameAlone(name="n", size=1),
        inherited.NotFound(404, "bob"),
        inherited.Gone(410, "bob"),
        inherited.Own("twice"),
        inherited.Outer.Inner("a", "b"),
        inherited.Outer("a"),
        inherited.OneLine(400, "x"),
        inherited.Mixed(404, "y"),
        inherited.Conditional("a", "b"),
        reducers.DropsState("m", 5),
        reducers.DropsInReduceEx("m", 5),
        reducers.InheritsReduceEx("m", 6),
        noted(reducers.DropsNotes("m")),
        reducers.ChangesType("m"),
        reducers.Raises("m"),
        reducers.Nonsense("m"),
        reducers.Misfit("gone", response=404),
        noted(reducers.OwnSetstate("m"), code=3),
        reducers.Deletes("m"),
        stored.Slotted("m", 3),
        stored.SlottedTwice("m", 3, 4),
        stored.Frozen("f"),
        stored.Frozen(field="f", other=2),
        stored.Data("n"),
        stored.Filename("f"),
        stored.Undecodable("r"),
        stored.Property("a", "b"),
        stored.Locked("m"),
    ],
    ids=lambda exc: type(exc).__qualname__,
)
def test_it(exc):
    with pytest.raises(type(exc)):
        raise exc
