"""The physical types, written and read back."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Engine, Integer, MetaData, Table, create_engine, insert, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import StatementError

from deskferry.canonical_schema import Json, UtcTime, json_text, parse_time_text, time_text

DIALECT = postgresql.dialect()
SAMPLE = Table("sample", MetaData(), Column("n", Integer, primary_key=True), Column("t", UtcTime), Column("j", Json))

zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instants = st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1), timezones=zones)  # noqa: DTZ001  # hypothesis wants naive bounds
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@pytest.fixture(scope="module")
def engine() -> Any:
    engine = create_engine("sqlite://")
    SAMPLE.metadata.create_all(engine)
    yield engine
    engine.dispose()


def stored(engine: Engine, **values: Any) -> tuple[Any, Any, Any, Any]:
    """Return t, j as the database holds them, then as they are read."""
    with engine.connect() as connection:
        connection.execute(insert(SAMPLE).values(**values))
        raw = connection.execute(text("select t, j from sample")).one()
        read = connection.execute(select(SAMPLE.c.t, SAMPLE.c.j)).one()
        connection.rollback()
    return (*raw, *read)


def test_time_text_has_six_digits_even_when_they_are_zero() -> None:
    assert time_text(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)) == "2026-01-02T03:04:05.000000Z"
    assert time_text(datetime(2026, 1, 2, 3, 4, 5, 120000, timezone(timedelta(hours=2)))) == (
        "2026-01-02T01:04:05.120000Z"
    )
    assert time_text(datetime(2, 1, 1, tzinfo=UTC)) == "0002-01-01T00:00:00.000000Z"


@given(first=instants, second=instants)
def test_time_text_sorts_as_the_instants_do_and_comes_back(first: datetime, second: datetime) -> None:
    assert (first < second) == (time_text(first) < time_text(second))
    assert parse_time_text(time_text(first)) == first


@given(moment=instants)
def test_times_round_trip_through_sqlite(engine: Engine, moment: datetime) -> None:
    raw, _, read, _ = stored(engine, t=moment)
    assert raw == time_text(moment)
    assert read == moment
    assert read.tzinfo is UTC
    assert stored(engine, t=raw)[2] == moment, "canonical text binds too"


@pytest.mark.parametrize(
    "wrong",
    [
        datetime(2026, 1, 2),  # noqa: DTZ001  # the point of the test
        "2026-01-02T03:04:05Z",
        "2026-01-02T03:04:05.123Z",
        "2026-01-02T03:04:05.123456+00:00",
        "2026-01-02 03:04:05.123456Z",
        "2026-02-30T03:04:05.123456Z",
        "2026-01-02T03:04:05.123456Z\n",
        "2026-01-02t03:04:05.123456z",
        "２026-01-02T03:04:05.123456Z",
        "",
    ],
)
def test_other_times_are_refused(engine: Engine, wrong: Any) -> None:
    with pytest.raises(StatementError):
        stored(engine, t=wrong)
    with pytest.raises(ValueError, match=r"time|day|range"):
        UtcTime().process_bind_param(wrong, DIALECT)


def test_times_on_postgresql_are_datetimes() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 123456, UTC)
    assert UtcTime().process_bind_param("2026-01-02T03:04:05.123456Z", DIALECT) == moment
    assert UtcTime().process_bind_param(moment, DIALECT) == moment
    local = moment.astimezone(timezone(timedelta(hours=5)))
    read = UtcTime().process_result_value(local, DIALECT)
    assert read == moment
    assert read.tzinfo is UTC


@given(value=json_values)
def test_json_round_trips_through_sqlite(engine: Engine, value: Any) -> None:
    _, raw, _, read = stored(engine, j=value)
    assert read == value
    assert type(read) is type(value)
    assert raw is None if value is None else isinstance(raw, str)


def test_none_is_null() -> None:
    assert json_text(None) is None
    assert json_text([None]) == "[null]"


def test_json_text_is_compact_and_keeps_its_unicode() -> None:
    assert json_text({"b": ["ñ", 1.5], "a": 2**70}) == '{"b":["\\u00f1",1.5],"a":1180591620717411303424}'
    assert json_text({"b": ["ñ 日本", 1.5]}) == '{"b":["ñ 日本",1.5]}'
    assert json_text({"lone": "\ud800"}) == '{"lone":"\\ud800"}'


def test_json_on_postgresql_is_left_to_the_driver() -> None:
    assert Json().process_bind_param({"a": 1}, DIALECT) == {"a": 1}
    assert Json().process_result_value("text", DIALECT) == "text"
