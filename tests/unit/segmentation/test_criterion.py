from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.segmentation import CriterionError, read_criterion

COLUMNS = ("customer_id", "recency_days", "order_count", "country_code", "is_pareto", "last_ordered_on", "as_of_date")
TABLE = (
    "create table c as select 1::bigint as customer_id, 30::bigint as recency_days, 0::bigint as order_count, "
    "'IT' as country_code, true as is_pareto, date '2026-01-01' as last_ordered_on, date '2026-01-31' as as_of_date"
)


def holds(criterion: str) -> object:
    connection = duckdb.connect()
    connection.execute(TABLE)
    row = connection.execute(f"select {read_criterion(criterion, COLUMNS)} from c").fetchone()
    assert row
    return row[0]


@pytest.mark.parametrize(
    ("criterion", "expected"),
    [
        ("recency_days <= 30 and country_code in ('IT', 'CH')", True),
        ("RECENCY_DAYS between 31 and 60", False),
        ("is_pareto and not order_count > 0", True),
        ("as_of_date - last_ordered_on = 30", True),
        ("last_ordered_on >= date '2026-01-02'", False),
        ("extract(year from last_ordered_on) = 2026", True),
        ("lower(country_code) like 'i%'", True),
        ("case when order_count = 0 then recency_days > 20 else false end", True),
        ("coalesce(recency_days / order_count > 1, false)", False),
        ("recency_days / order_count > 1", None),
        ("recency_days % order_count = 0", None),
        ("recency_days is not null -- a comment", True),
        ("country_code = '-- not a comment; drop table c'", False),
        ("country_code = 'it''s'", False),
    ],
)
def test_a_sound_criterion_means_what_it_says(criterion: str, expected: object) -> None:
    assert holds(criterion) == expected


@pytest.mark.parametrize(
    ("criterion", "said"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("order_count =", "not a condition"),
        ("order_count = 1; drop table c", "line 1, column"),
        ("order_count = 1 union select 1", "not a condition"),
        ("recency_day > 3", "no column recency_day (line 1, column 1); did you mean recency_days"),
        ("is_pareto and\n  zzz > 3", "no column zzz (line 2, column 3)"),
        ("c.order_count = 1", "without a table"),
        ("order_count = (select max(order_count) from c)", "a query is not allowed"),
        ("exists (select 1)", "a query is not allowed"),
        ("order_count in (select 1)", "not a query"),
        ("read_text('/etc/passwd') = ''", "the function read_text is not allowed (line 1"),
        ("read_csv('/etc/passwd') is null", "not allowed"),
        ("getenv('HOME') = 'x'", "the function getenv"),
        ("current_setting('threads') = '1'", "the function current_setting"),
        ("count(*) > 1", "not allowed"),
        ("sum(order_count) over () > 1", "not allowed"),
        ("country_code::integer = 1", "a conversion is not allowed"),
        ("cast(country_code as date) > as_of_date", "a conversion is not allowed"),
        ("country_code similar to '(a+)+'", "not allowed"),
        ("regexp_matches(country_code, '(a+)+')", "not allowed"),
        ("repeat(country_code, 1000000000) = ''", "not allowed"),
        ("[1, 2][1] = 1", "not allowed"),
        ("? = 1", "not allowed"),
        ("$1 = 1", "not allowed"),
        ("*", "not allowed"),
        ("columns('.*') > 1", "not allowed"),
        ("order_count = random()", "not allowed"),
        ("{'a': 1}.a = 1", "not"),
    ],
)
def test_anything_else_is_refused_with_the_reason_and_the_place(criterion: str, said: str) -> None:
    with pytest.raises(CriterionError) as fault:
        read_criterion(criterion, COLUMNS)
    assert said in str(fault.value)


def test_length_and_depth_are_bounded() -> None:
    with pytest.raises(CriterionError, match="characters"):
        read_criterion("order_count = 1 or " * 1000 + "true", COLUMNS)
    with pytest.raises(CriterionError, match="parts"):
        read_criterion(" or ".join(["is_pareto"] * 280), COLUMNS)
    with pytest.raises(CriterionError):
        read_criterion("(" * 1900 + "is_pareto" + ")" * 1900, COLUMNS)


_WORDS = st.sampled_from([
    *COLUMNS, "and", "or", "not", "(", ")", "'", '"', ";", "--", "/*", "*/", "=", "<", ",", ".", "select", "from", "c",
    "union", "drop table c", "attach 'x' as y", "copy c to 'f'", "read_text('f')", "1", "null", "in", "like", "case",
    "when", "then", "end", "\n", "\\", "\x00", "$$", "é", "::", "[", "]", "{", "}", "lambda", "->", "pragma",
    "install httpfs", "getenv('A')",
])  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.lists(_WORDS, max_size=12).map(" ".join), st.text(max_size=60)))
def test_no_text_does_anything_but_answer_or_be_refused(text: str) -> None:
    try:
        condition = read_criterion(text, COLUMNS)
    except CriterionError as fault:
        assert str(fault)
        return
    connection = duckdb.connect(config={"enable_external_access": "false"})
    connection.execute(TABLE)
    try:
        statements = connection.extract_statements(f"select ({condition}) from c")
    except duckdb.ParserException:
        return  # a = b = c: read here, refused there, and so reported as broken
    assert len(statements) == 1
    assert statements[0].type == duckdb.StatementType.SELECT
    assert read_criterion(condition, COLUMNS) == condition
    assert connection.execute("select count(*) from c").fetchone() == (1,)
