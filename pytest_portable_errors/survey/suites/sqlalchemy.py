"""The suite of SQLAlchemy: each exception class built, and raised over SQLite in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from pytest_portable_errors.survey.cases import Subject
from pytest_portable_errors.survey.classes import subclasses_in
from pytest_portable_errors.survey.suites.raising import built, library, raised

if TYPE_CHECKING:
    from pytest_portable_errors.sender.receivers import Receivers


def subjects(receivers: Receivers, receiver_names: Sequence[str]) -> Iterator[Subject]:
    """The suite, a ``Suite`` of ``survey/cases.py``: first what is built, then what is raised.

    Raises:
        PortableErrorsError: SQLAlchemy is not installed.
    """
    with library(
        "sqlalchemy",
        "SQLAlchemy",
        "sqlalchemy",
        "sqlalchemy.orm",
        install="pip install sqlalchemy",
        prepared=(receivers, receiver_names),
    ) as sa:
        yield from built("sqlalchemy", subclasses_in("sqlalchemy"))
        yield from raised("sqlalchemy", _of_core(sa))
        yield from raised("sqlalchemy.orm", _of_orm(sa, sa.orm))


def _of_core(sa: Any) -> Mapping[str, Callable[[], object]]:
    engine = sa.create_engine("sqlite://")
    orders = sa.Table(
        "orders",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("price", sa.Integer, nullable=False),
    )
    with engine.begin() as connection:
        orders.create(connection)
        connection.execute(orders.insert(), [{"id": 1, "price": 2}])

    def execute(statement: Any, parameters: Any = None) -> Callable[[], Any]:
        def run() -> Any:
            with engine.connect() as connection:
                return connection.execute(statement, parameters)

        return run

    def failed_before() -> None:
        with engine.connect() as connection, connection.begin():
            connection.begin()

    def closed() -> None:
        with engine.connect() as connection:
            result = connection.execute(sa.select(orders))
            result.close()
            result.all()

    def of_a_full_pool() -> None:
        small = sa.create_engine(
            "sqlite://", poolclass=sa.QueuePool, pool_size=1, max_overflow=0, pool_timeout=0.05
        )
        with small.connect():
            small.connect()

    return {
        "not-unique": execute(orders.insert(), {"id": 1, "price": 3}),
        "several": execute(orders.insert(), [{"id": 1, "price": 3}, {"id": 2, "price": 3}]),
        "null": execute(orders.insert(), {"id": 2, "price": None}),
        "no-table": execute(sa.text("SELECT * FROM baskets")),
        "no-syntax": execute(sa.text("SELEC 1")),
        "no-parameter": execute(sa.text("SELECT :id")),
        "no-type": execute(sa.text("SELECT :id"), {"id": object()}),
        "not-one": lambda: execute(sa.select(orders).where(orders.c.id == 7))().one(),
        "not-begun": failed_before,
        "closed": closed,
        "full-pool": of_a_full_pool,
        "not-reflected": lambda: sa.Table("baskets", sa.MetaData(), autoload_with=engine),
        "no-dialect": lambda: sa.create_engine("shop://"),
        "no-url": lambda: sa.create_engine("shop"),
        "no-column": lambda: sa.insert(orders).values(size=1).compile(),
    }


def _of_orm(sa: Any, orm: Any) -> Mapping[str, Callable[[], object]]:
    class Base(orm.DeclarativeBase):  # type: ignore[misc]  # a class of what was imported
        """What the mapped class stands on."""

    columns = SimpleNamespace(
        id=orm.mapped_column(sa.Integer, primary_key=True), price=orm.mapped_column(sa.Integer)
    )
    order = type("Order", (Base,), {"__tablename__": "orders", **vars(columns)})
    engine = sa.create_engine("sqlite://")
    Base.metadata.create_all(engine)

    def with_order(use: Callable[[Any, Any], object]) -> Callable[[], object]:
        def run() -> None:
            with orm.Session(engine) as session:
                row = order(price=1)
                session.add(row)
                session.flush()
                use(session, row)

        return run

    def changed(session: Any, row: Any) -> None:
        session.execute(sa.delete(order).execution_options(synchronize_session=False))
        row.price = 2
        session.flush()

    def detached(session: Any, row: Any) -> None:
        session.commit()
        session.expunge(row)
        _ = row.price

    def gone(session: Any, row: Any) -> None:
        session.execute(sa.delete(order).execution_options(synchronize_session=False))
        session.refresh(row)

    def rolled_back(session: Any, row: Any) -> None:
        session.add(order(id=row.id, price=1))
        try:
            session.flush()
        except sa.exc.IntegrityError:
            session.execute(sa.select(order))

    return {
        "not-found": with_order(lambda session, _: session.get_one(order, 7)),
        "stale": with_order(changed),
        "detached": with_order(detached),
        "gone": with_order(gone),
        "rolled-back": with_order(rolled_back),
        "not-mapped": with_order(lambda session, _: session.add(object())),
        "two-sessions": with_order(lambda _, row: orm.Session(engine).add(row)),
    }
