# ruff: noqa: E501 - a row of a table of cases is easier read on one line
"""Rows against the contract: what is accepted as what, what is refused and how it is said."""

from __future__ import annotations

import csv
import io
import unicodedata
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.ingestion.door import ORDER, Door, order

LOCAL = (datetime(1990, 1, 1), datetime(2024, 1, 1))  # noqa: DTZ001 - local times are what is tested
MANY = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def put_orders(door: Door, header: str, *rows: str) -> None:
    door.put("order.csv", "\n".join([header, *rows]) + "\n")


def fresh(door: Door) -> None:
    for table in ("raw.order_lines", "quarantine.order_lines", "raw._load"):
        door.connection.execute(f"delete from {table}")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (order(ref=" "), ("required", "order_ref", "order_ref is empty")),
        (order(quantity=""), ("required", "quantity", "quantity is empty")),
        (order(quantity="two"), ("type", "quantity", "quantity: 'two' is not a number with at most 14 digits before the point")),
        (order(quantity="NaN"), ("type", "quantity", None)),
        (order(quantity="inf"), ("type", "quantity", None)),
        (order(quantity="1e30"), ("type", "quantity", None)),
        (order(quantity="123456789012345"), ("type", "quantity", None)),
        (order(price="1,5"), ("ragged", None, "the row has more fields than the header")),
        (order(line="1.5"), ("type", "line_number", "line_number: '1.5' is not a whole number")),  # type: ignore[arg-type]
        (order(at="yesterday"), ("type", "ordered_at", None)),
        (order(at="2024-02-30"), ("type", "ordered_at", None)),
        (order(at="1969-12-31 12:00:00"), ("event_time", "ordered_at", "ordered_at: '1969-12-31 12:00:00' lies before 1970")),
        (order(at="2999-01-01"), ("event_time", "ordered_at", "ordered_at: '2999-01-01' lies in the future")),
        (order(at="0001-01-01"), ("event_time", "ordered_at", None)),
        (order(at="infinity"), ("event_time", "ordered_at", None)),
        (order(at="2024-01-01T00:00:00+99:00"), ("type", "ordered_at", None)),
        (order(quantity="1000000000001"), ("range", "quantity", None)),
        (order(quantity="999999999999", price="2"), ("range", "net_amount", None)),
        (order(price=""), ("no_amount", "net_amount", "one of net_amount and unit_price is required")),
    ],
)  # fmt: skip
def test_a_row_that_breaks_the_contract_is_refused_alone(door: Door, row: str, expected: tuple[str, ...]) -> None:
    put_orders(door, ORDER, order("good1"), row, order("good2"))
    door.load()
    assert door.rows("order_ref, _line") == [("good1", 2), ("good2", 4)]
    ((rule, column, message, line, file),) = door.refused("_rule, _column, _message, _line, _file")
    assert (rule, column, line, file) == (*expected[:2], 3, "order.csv")
    assert expected[2] is None or message == expected[2]


def test_the_whole_row_is_kept_as_it_came(door: Door) -> None:
    put_orders(door, ORDER + ",Nota", order(quantity="x") + ",qui")
    door.load()
    assert door.one("select _raw->>'quantity' || '|' || (_raw->>'Nota') from quarantine.order_lines") == "x|qui"


def test_no_personal_value_is_in_a_message(door: Door) -> None:
    door.company("  order_lines: 'order*'\n  customers: 'cust*'")
    door.put(
        "cust.csv",
        "source_system,customer_ref,birth_date,country\ncrm,1,secretday,IT\ncrm,2,1800-01-01,IT\ncrm,3,,Italia\n",
    )
    report = door.load("customers")
    said = [message for (message,) in door.rows("_message", "customers", "quarantine")]
    assert said == [
        "birth_date is not a day (YYYY-MM-DD)", "birth_date lies before 1900-01-01", "country: 'Italia' is no country code",
    ]  # fmt: skip
    assert "secretday" not in str(report)


@pytest.mark.parametrize(
    ("text", "value"),
    [("5", "5.0000"), (" 5 ", "5.0000"), ("-1.5", "-1.5000"), ("+2", "2.0000"), ("1e3", "1000.0000"), ("0.00005", "0.0001"),
     (".5", "0.5000"), ("999999999999.9999", "999999999999.9999")],
)  # fmt: skip
def test_numbers(door: Door, text: str, value: str) -> None:
    put_orders(door, ORDER + ",net_amount", order(price=text) + ",1")
    door.load()
    assert door.rows("unit_price::varchar") == [(value,)]


@pytest.mark.parametrize(
    ("text", "value"),
    [("7", 7), (" 7 ", 7), ("\u00a07\u00a0", 7), ("7.0", 7), ("7e1", 70), ("+7", 7), ("7.000000001", 7),
     ("123456789012345", 123456789012345), ("9007199254740993", 9007199254740993), ("9223372036854775807", 2**63 - 1),
     ("7.5", None), ("seven", None), ("nan", None), ("inf", None), ("9223372036854775808", None), ("0x7", None)],
)  # fmt: skip
def test_whole_numbers(door: Door, text: str, value: int | None) -> None:
    """Whatever way a number is read, every digit of it counts, and what is no whole number is refused."""
    put_orders(door, ORDER, order(line=text))
    door.load()
    assert door.rows("line_number") == ([] if value is None else [(value,)])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2024-07-01", "2024-06-30 22:00:00+00"),
        ("2024-07-01 12:00:00", "2024-07-01 10:00:00+00"),
        ("2024-07-01T12:00", "2024-07-01 10:00:00+00"),
        ("2024-07-01T12:00Z", "2024-07-01 12:00:00+00"),
        ("2024-07-01T12:00:00.123456", "2024-07-01 10:00:00.123456+00"),
        ("2024-07-01T12:00:00Z", "2024-07-01 12:00:00+00"),
        ("2024-07-01 12:00:00+05:30", "2024-07-01 06:30:00+00"),
        ("2024-07-01 12:00:00-0800", "2024-07-01 20:00:00+00"),
        ("1970-01-01", "1969-12-31 23:00:00+00"),
        ("2024-07-01 12:00:00+14:00", "2024-06-30 22:00:00+00"),
        ("2024-07-01 12:00:00+02", "2024-07-01 10:00:00+00"),
        ("2024-07-01 12:00:00 UTC", "2024-07-01 12:00:00+00"),
        ("2024-07-01 12:00:00 America/New_York", "2024-07-01 16:00:00+00"),
        ("2024-03-31 02:30:00", "2024-03-31 01:30:00+00"),  # skipped in Rome: an hour on
        ("2024-10-27 02:30:00", "2024-10-27 01:30:00+00"),  # twice in Rome: the second
    ],
)
def test_times(door: Door, text: str, value: str) -> None:
    put_orders(door, ORDER, order(at=text))
    door.load()
    assert door.rows("ordered_at::varchar") == [(value,)]


def test_a_source_may_have_a_time_zone_of_its_own(door: Door) -> None:
    door.company("  order_lines: {files: 'order*', time_zone: America/New_York}")
    put_orders(door, ORDER, order(at="2024-07-01 12:00:00"))
    door.load()
    assert door.rows("ordered_at::varchar") == [("2024-07-01 16:00:00+00",)]


@MANY
@given(
    moments=st.lists(st.datetimes(*LOCAL), min_size=20, max_size=60),
    zone=st.sampled_from(["Europe/Rome", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC", "America/St_Johns"]),
)  # fmt: skip
def test_local_times_become_the_instant_of_the_zone(door: Door, moments: list[datetime], zone: str) -> None:
    fresh(door)
    door.company(zone=zone)
    put_orders(door, ORDER, *(order(f"A{n}", at=str(at)) for n, at in enumerate(moments)))
    door.load()
    found = dict(door.rows("order_ref, ordered_at"))
    for number, at in enumerate(moments):
        local = [at.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1)]
        # One instant for usual times; in a gap or a fold, one of the two that the zone allows.
        assert found[f"A{number}"] in [moment.astimezone(UTC) for moment in local]


@MANY
@given(amounts=st.lists(st.decimals(-(10**12), 10**12, places=4, allow_nan=False), min_size=10, max_size=60))
def test_money_comes_in_to_the_last_digit(door: Door, amounts: list[Decimal]) -> None:
    fresh(door)
    put_orders(door, ORDER + ",net_amount", *(order(f"A{n}", price="") + f",{a:f}" for n, a in enumerate(amounts)))
    report = door.load()
    assert report.rows_quarantined == 0
    assert dict(door.rows("order_ref, net_amount")) == {f"A{n}": amount for n, amount in enumerate(amounts)}
    assert door.one("select amount_accepted from raw._load") == sum(amounts)


@MANY
@given(
    values=st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\x1a\ufffd"), max_size=12),
        min_size=1,
        max_size=30,
    )
)
def test_any_text_comes_back_or_is_accounted_for(door: Door, values: list[str]) -> None:
    fresh(door)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow([*ORDER.split(","), "coupon_code"])
    for number, value in enumerate(values):
        writer.writerow([*order(f"A{number}").split(","), value])
    door.put("order.csv", out.getvalue())
    report = door.load()
    assert report.set_aside == []
    assert report.rows_in == report.rows_accepted == len(values)
    spaces = "".join(chr(c) for c in range(0x10000) if unicodedata.category(chr(c)) == "Zs")
    expected = {f"A{n}": value.strip(spaces) or None for n, value in enumerate(values)}
    assert dict(door.rows("order_ref, coupon_code")) == expected


def test_amounts_are_worked_out_and_compared(door: Door) -> None:
    put_orders(
        door, ORDER + ",discount_amount,net_amount",
        order("A1", quantity="2", price="10") + ",1,",
        order("A2", quantity="2", price="10") + ",1,18.99",
        order("A3", quantity="2", price="10") + ",1,18.90",
        order("A4", quantity="-1", price="10") + ",,",
        order("A5", quantity="2", price="") + ",,7",
    )  # fmt: skip
    report = door.load()
    assert [str(amount) for (amount,) in door.rows("net_amount")] == [
        "19.0000",
        "18.9900",
        "18.9000",
        "-10.0000",
        "7.0000",
    ]
    assert report.warnings == [
        "1 row: net_amount differs from quantity x unit_price - discount_amount by more than a cent a unit; net_amount counts"
    ]


def test_codes_are_mapped_whatever_their_case(door: Door) -> None:
    door.company(
        more="codes: {channel: {Telefono: call_centre, 'Negozio (fisico)': store, web: app}, order_lines.status: {Annullato: cancelled}}"
    )
    channels = ["telefono", "TELEFONO ", "Call Centre", "face-to-face", "E", "negozio (fisico)", "Web", ""]
    put_orders(door, ORDER + ",channel,status", *(order(f"A{n}") + f",{c},ANNULLATO" for n, c in enumerate(channels)))
    report = door.load()
    assert [code for (code,) in door.rows("channel")] == [
        "call_centre", "call_centre", "call_centre", "face_to_face", "other", "store", "app", None,
    ]  # fmt: skip
    assert set(door.rows("status")) == {("cancelled",)}
    assert report.warnings == [
        "1 row: channel is no known name and became other ('E' 1); map it in company.yml under codes"
    ]


def test_a_status_that_nobody_knows_is_refused(door: Door) -> None:
    put_orders(door, ORDER + ",status", order("A1") + ",completed", order("A2") + ",boh")
    door.load()
    assert door.refused("_rule, _column, _message") == [
        ("allowed_value", "status", "status: 'boh' is none of completed, cancelled")
    ]


def test_event_types_fall_back_to_page_view_and_stages_are_free(door: Door) -> None:
    door.company("  order_lines: 'order*'\n  web_events: 'web*'\n  opportunity_stages: 'stage*'",
                 "codes: {event_type: {pageload: page_view, basket: add_to_cart}, stage: {Vinta: won}}")  # fmt: skip
    door.put(
        "web.csv",
        "event_ref,visitor_ref,occurred_at,event_type\n1,v,2024-01-01,basket\n2,v,2024-01-01,blink\n3,v,2024-01-01,\n",
    )
    report = door.load("web_events")
    assert door.rows("event_type", "web_events") == [("add_to_cart",), ("page_view",)]
    assert "event_type is no known name and became page_view ('blink' 1)" in report.warnings[0]
    assert door.refused(feed="web_events") == [("required", "event_type", 4)]
    door.put(
        "stage.csv",
        "source_system,opportunity_ref,stage,entered_at\ncrm,1,vinta,2024-01-01\ncrm,1,Proposal sent,2024-01-02\n",
    )
    door.load("opportunity_stages")
    assert door.rows("stage", "opportunity_stages") == [("won",), ("Proposal sent",)]


def test_countries_currencies_languages_and_zones_have_a_form(door: Door) -> None:
    door.company("  order_lines: 'order*'\n  customers: 'cust*'")
    rows = [
        "1,it,it-IT,Europe/Rome",
        "2,NO,zh-Hant-TW,UTC",
        "3,XX,it,",
        "4,IT,italiano per favore,",
        "5,IT,en_GB,",
        "6,IT,it,Mars/Base",
    ]
    door.put(
        "cust.csv", "source_system,customer_ref,country,language,time_zone\n" + "".join(f"crm,{row}\n" for row in rows)
    )
    door.load("customers")
    assert door.rows("country, language, time_zone", "customers") == [
        ("IT", "it-IT", "Europe/Rome"), ("NO", "zh-Hant-TW", "UTC"), ("IT", "en-GB", None),
    ]  # fmt: skip
    assert door.refused("_rule, _column", "customers") == [
        ("code_form", "country"), ("code_form", "language"), ("code_form", "time_zone"),
    ]  # fmt: skip


def test_lists_objects_and_truths(door: Door) -> None:
    door.company("  order_lines: 'order*'\n  customers: 'cust*'")
    rows = [
        '1,a| b||c,"{""x"": 1}",yes', '2,"[""d"", ""e""]",,0', "3,,[1],Sì", "4,x,{},perhaps", "5,x,,FALSE",
    ]  # fmt: skip
    door.put(
        "cust.csv",
        "source_system,customer_ref,interests,attributes,is_deleted\n" + "".join(f"crm,{row}\n" for row in rows),
    )
    door.put(
        "cust.jsonl",
        '{"source_system":"crm","customer_ref":6,"interests":["p","q|r"],"attributes":{"a":[1]},"is_deleted":true}\n',
    )
    door.load("customers")
    assert door.rows("customer_ref, interests, attributes, is_deleted", "customers") == [
        ("1", ["a", "b", "c"], '{"x": 1}', True), ("2", ["d", "e"], None, False), ("5", ["x"], None, False),
        ("6", ["p", "q|r"], '{"a":[1]}', True),
    ]  # fmt: skip
    assert door.refused(feed="customers") == [("type", "attributes", 4), ("type", "is_deleted", 5)]


def test_ranges_of_scores_and_rates(door: Door) -> None:
    door.company("  order_lines: 'order*'\n  service_cases: 'case*'\n  exchange_rates: 'rate*'")
    head = "source_system,case_ref,channel,opened_at,satisfaction_score,recommend_score\n"
    door.put(
        "case.csv",
        head + "s,1,web,2024-01-01,5,10\ns,2,web,2024-01-01,6,\ns,3,web,2024-01-01,,11\ns,4,web,2024-01-01,0,\n",
    )
    door.load("service_cases")
    assert door.refused("_rule, _column", "service_cases") == [
        ("range", "satisfaction_score"), ("range", "recommend_score"), ("range", "satisfaction_score"),
    ]  # fmt: skip
    door.put(
        "rate.csv", "currency,rate_date,rate_to_home\nJPY,2024-01-01,0.00612345\nGBP,2024-01-01,0\nEURO,2024-01-01,1\n"
    )
    door.load("exchange_rates")
    assert door.rows("rate_to_home", "exchange_rates") == [(Decimal("0.00612345"),)]
    assert door.refused("_rule, _column", "exchange_rates") == [("range", "rate_to_home"), ("code_form", "currency")]


def test_as_of_ahead_of_the_clock_moves_the_future(door: Door) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=9)).date()
    put_orders(door, ORDER, order(at=str(tomorrow)))
    door.knobs["as_of"] = tomorrow
    assert door.load().rows_accepted == 1
    fresh(door)
    door.knobs.clear()
    assert door.load().rows_quarantined == 1
