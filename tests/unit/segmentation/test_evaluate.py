from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project import clock
from dagster_project.segmentation import SegmentReport, evaluate

DAY = date(2026, 7, 1)
NEXT = date(2026, 7, 2)
AFTER = date(2026, 7, 3)


class Room:
    def __init__(self) -> None:
        self.connection = duckdb.connect()
        for statement in (
            "create schema marts", "create schema reference", "create schema intermediate", "set TimeZone = 'UTC'",
            "create table marts.mart_customer_360 (customer_id bigint, order_count bigint, net_amount decimal(18, 4))",
            "create table reference.segment (segment_name text, criterion text, owner text, description text)",
        ):  # fmt: skip
            self.connection.execute(statement)

    def customers(self, *orders: int) -> None:
        self.connection.execute("delete from marts.mart_customer_360")
        for number, count in enumerate(orders, 1):
            self.connection.execute("insert into marts.mart_customer_360 values (?, ?, ?)", [number, count, count * 10])

    def segments(self, **criteria: str) -> None:
        self.connection.execute("delete from reference.segment")
        for name, criterion in criteria.items():
            self.connection.execute("insert into reference.segment values (?, ?, 'me', 'text')", [name, criterion])

    def evaluate(self, day: date) -> SegmentReport:
        return evaluate(self.connection, day)

    def ledger(self) -> list[tuple[str, int, date, date | None]]:
        return self.believed("believed_to is null")

    def believed(self, when: str, *moments: datetime) -> list[tuple[str, int, date, date | None]]:
        return self.connection.execute(
            "select segment_name, customer_id, entered_on, exited_on from intermediate.segment_ledger "
            f"where {when} order by all",
            moments,
        ).fetchall()

    def definitions(self) -> list[tuple[object, ...]]:
        return self.connection.execute(
            "select segment_name, criterion, effective_on, is_listed, is_valid, problem "
            "from intermediate.segment_definition_history order by segment_name, _loaded_at"
        ).fetchall()


@pytest.fixture
def room() -> Iterator[Room]:
    made = Room()
    made.customers(0, 1, 5)
    made.segments(buyers="order_count > 0", frequent="order_count >= 5")
    yield made
    clock.set_to(None)


def test_members_enter_and_leave_on_the_day(room: Room) -> None:
    report = room.evaluate(DAY)
    assert [(r.name, r.members, r.entered, r.exited) for r in report.results] == [
        ("buyers", 2, 2, 0),
        ("frequent", 1, 1, 0),
    ]
    room.customers(2, 0, 5)
    report = room.evaluate(NEXT)
    assert [(r.name, r.members, r.entered, r.exited) for r in report.results] == [
        ("buyers", 2, 1, 1),
        ("frequent", 1, 0, 0),
    ]
    assert room.ledger() == [
        ("buyers", 1, NEXT, None),
        ("buyers", 2, DAY, NEXT),
        ("buyers", 3, DAY, None),
        ("frequent", 3, DAY, None),
    ]


def test_who_comes_back_has_two_memberships(room: Room) -> None:
    room.evaluate(DAY)
    room.customers(0, 0, 5)
    room.evaluate(NEXT)
    room.customers(0, 1, 5)
    room.evaluate(AFTER)
    assert [row for row in room.ledger() if row[1] == 2] == [("buyers", 2, DAY, NEXT), ("buyers", 2, AFTER, None)]


def test_a_second_run_for_a_day_changes_nothing(room: Room) -> None:
    room.evaluate(DAY)
    room.customers(1, 0, 5)
    room.evaluate(NEXT)
    before = room.ledger(), room.definitions()
    room.evaluate(NEXT)
    assert (room.ledger(), room.definitions()) == before


def test_a_day_evaluated_again_takes_back_what_it_said_before(room: Room) -> None:
    room.evaluate(DAY)
    room.customers(1, 0, 5)
    room.evaluate(NEXT)
    room.customers(0, 1, 5)
    room.evaluate(NEXT)
    assert room.ledger() == [("buyers", 2, DAY, None), ("buyers", 3, DAY, None), ("frequent", 3, DAY, None)]


def test_a_broken_criterion_is_reported_and_its_members_stay(room: Room) -> None:
    room.evaluate(DAY)
    room.segments(buyers="order_counts > 0", frequent="order_count >= 1")
    report = room.evaluate(NEXT)
    assert report.problems == [
        "segment buyers: mart_customer_360 has no column order_counts (line 1, column 1); did you mean order_count?"
    ]
    assert room.ledger() == [
        ("buyers", 2, DAY, None),
        ("buyers", 3, DAY, None),
        ("frequent", 2, NEXT, None),
        ("frequent", 3, DAY, None),
    ]
    buyers = [row[1:] for row in room.definitions() if row[0] == "buyers"]
    assert buyers == [
        ("order_count > 0", DAY, True, True, None),
        ("order_counts > 0", NEXT, True, False, report.problems[0].removeprefix("segment buyers: ")),
    ]


@pytest.mark.parametrize(
    ("criterion", "said"),
    [
        ("order_count", "true or false"),
        ("order_count = 'many'", "conversion error"),
        ("order_count and net_amount > date '2026-01-01'", "types do not fit"),
        ("order_count * 9000000000000000000 > 5", "fails on some customer"),
    ],
)
def test_a_criterion_that_cannot_run_leaves_the_others_standing(room: Room, criterion: str, said: str) -> None:
    room.segments(broken=criterion, buyers="order_count > 0")
    report = room.evaluate(DAY)
    assert len(report.problems) == 1
    assert said in report.problems[0]
    assert {row[0] for row in room.ledger()} == {"buyers"}


def test_a_new_criterion_makes_a_new_version(room: Room) -> None:
    room.evaluate(DAY)
    room.segments(buyers="order_count > 4", frequent="order_count >= 5")
    room.evaluate(NEXT)
    assert [row[1:4] for row in room.definitions() if row[0] == "buyers"] == [
        ("order_count > 0", DAY, True),
        ("order_count > 4", NEXT, True),
    ]


def test_a_day_long_past_adds_a_word_about_that_day_alone(room: Room) -> None:
    room.evaluate(DAY)
    room.segments(buyers="order_count > 4", frequent="order_count >= 5")
    room.evaluate(AFTER)
    room.segments(buyers="order_count > 2", frequent="order_count >= 5")
    room.evaluate(NEXT)
    assert [row[1:3] for row in room.definitions() if row[0] == "buyers"] == [
        ("order_count > 0", DAY),
        ("order_count > 4", AFTER),
        ("order_count > 2", NEXT),
    ]
    assert room.evaluate(NEXT).problems == []
    assert len(room.definitions()) == 4


def test_what_was_believed_on_a_past_day_can_be_read(room: Room) -> None:
    """Each evaluation leaves the ledger as it was believed after each of those before."""
    told: list[tuple[datetime, list[tuple[str, int, date, date | None]]]] = []
    moment = datetime(2026, 7, 10, tzinfo=UTC)
    for day, orders in [(DAY, (0, 1, 5)), (NEXT, (2, 0, 5)), (AFTER, (2, 3, 0)), (NEXT, (0, 0, 9)), (NEXT, (1, 0, 9))]:
        clock.set_to(moment)
        room.customers(*orders)
        room.evaluate(day)
        told.append((moment, room.ledger()))
        moment += timedelta(days=1)
    for at, ledger in told:
        was = "believed_from <= ? and (believed_to is null or believed_to > ?)"
        assert room.believed(was, at, at) == ledger


def test_evaluations_under_a_clock_that_stands_still_follow_each_other(room: Room) -> None:
    clock.set_to(datetime(2026, 7, 10, tzinfo=UTC))
    room.evaluate(DAY)
    room.customers(1, 0, 5)
    room.evaluate(DAY)
    assert room.ledger() == [("buyers", 1, DAY, None), ("buyers", 3, DAY, None), ("frequent", 3, DAY, None)]
    assert room.believed("believed_to <= believed_from") == []


def test_a_ledger_kept_before_beliefs_had_a_time_goes_on(room: Room) -> None:
    room.connection.execute(
        "create table intermediate.segment_ledger "
        "(segment_name text not null, customer_id bigint not null, entered_on date not null, exited_on date)"
    )
    room.connection.execute("insert into intermediate.segment_ledger values ('buyers', 2, date '2026-01-01', null)")
    room.evaluate(DAY)
    assert [row for row in room.ledger() if row[1] == 2] == [("buyers", 2, date(2026, 1, 1), None)]


def test_a_segment_that_is_no_longer_listed_ends(room: Room) -> None:
    room.evaluate(DAY)
    room.segments(buyers="order_count > 0")
    room.evaluate(NEXT)
    assert [row for row in room.ledger() if row[0] == "frequent"] == [("frequent", 3, DAY, NEXT)]
    assert [row[2:4] for row in room.definitions() if row[0] == "frequent"] == [(DAY, True), (NEXT, False)]


def test_names_are_plain_and_stand_once(room: Room) -> None:
    room.connection.execute(
        "insert into reference.segment values ('buyers', 'zzz', '', ''), ('x''; drop', 'true', '', '')"
    )
    report = room.evaluate(DAY)
    assert len(report.problems) == 2
    assert {row[0] for row in room.ledger()} == {"buyers", "frequent"}


def test_nobody_and_nothing_is_no_fault(room: Room) -> None:
    room.customers()
    room.segments()
    report = room.evaluate(DAY)
    assert report.results == ()
    assert room.ledger() == []


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.lists(st.integers(0, 2), min_size=3, max_size=3), st.booleans()), max_size=9
    )
)
@settings(deadline=None, max_examples=40)
def test_whatever_the_order_of_days_the_ledger_tells_what_was_last_believed_of_each(
    evaluations: list[tuple[int, list[int], bool]],
) -> None:
    room = Room()
    told: set[tuple[str, int, date, date | None]] = set()
    for offset, orders, is_broken in evaluations:
        day = DAY + timedelta(days=offset)
        room.customers(*orders)
        room.segments(buyers="order_count > 0", frequent="order_count >" if is_broken else "order_count > 1")
        members = {("buyers", n) for n, count in enumerate(orders, 1) if count > 0}
        members |= {("frequent", n) for n, count in enumerate(orders, 1) if count > 1 and not is_broken}
        kept = {row for row in told if is_broken and row[0] == "frequent"}
        before = {row for row in told - kept if row[2] < day}
        over = {row for row in before if row[3] is not None and row[3] < day}
        told = kept | over | {(*row[:3], None if row[:2] in members else day) for row in before - over}
        told |= {(*who, day, None) for who in members - {row[:2] for row in told if row[3] is None}}
        room.evaluate(day)
        assert room.ledger() == sorted(told, key=lambda row: (*row[:3], row[3] or date.max))
        assert room.believed("believed_to <= believed_from") == []
