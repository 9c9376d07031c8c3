"""From simulated feeds to the published file: it ends well, twice with the same content, and says what it did."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from tests.integration.runs import Run, content, stella

pytestmark = pytest.mark.xdist_group("whole_way")


def _ask(run: Run, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(run.published.resolve()), read_only=True) as reader:
        return reader.execute(query).fetchall()


def test_it_ends_well(demo_run: Run) -> None:
    assert demo_run.exit_code == 0, demo_run.output[-4000:]


def test_the_summary_says_what_was_done(demo_run: Run) -> None:
    for word in ("Landed", "Built", "Top campaigns", "Published", "stella sql"):
        assert word in demo_run.output


def test_published_columns_change_only_on_purpose(demo_run: Run, snapshot: Callable[[str, list[str]], None]) -> None:
    rows = _ask(
        demo_run,
        "select table_schema || '.' || table_name || '.' || column_name || ' ' || data_type"
        " from information_schema.columns order by table_schema, table_name, ordinal_position",
    )
    snapshot("published_columns.txt", [str(row[0]) for row in rows])


def test_every_table_of_the_design_has_rows(demo_run: Run) -> None:
    counts = {name: rows for name, (rows, _) in content(demo_run.published).items()}
    empty = {name for name, rows in counts.items() if rows == 0 and not name.startswith("decisions.")}
    # In a first run nobody has turned out to be another yet.
    assert empty == {"warehouse.bridge_customer_merged"}


def test_a_second_run_has_nothing_to_do(demo_run: Run) -> None:
    before = demo_run.published.resolve()
    again = stella(demo_run.home, demo_run.company, "run")
    assert again.exit_code == 0, again.output[-4000:]
    assert "Nothing new" in again.output
    assert again.published.resolve() == before


def test_a_table_that_is_not_there_is_refused_before_anything_changes(demo_run: Run) -> None:
    refused = stella(demo_run.home, demo_run.company, "rebuild", "--select", "fct_order_lin")
    assert refused.exit_code != 0
    assert "Did you mean" in refused.output
    assert "Nothing new" in stella(demo_run.home, demo_run.company, "run").output


def test_a_run_all_the_same_changes_nothing(demo_run: Run) -> None:
    before = content(demo_run.published)
    again = stella(demo_run.home, demo_run.company, "run", "--force")
    assert again.exit_code == 0, again.output[-4000:]
    assert "Nothing new" not in again.output
    assert content(again.published) == before


def test_another_home_gives_the_same_content(demo_run: Run, tmp_path: Path) -> None:
    other = stella(tmp_path, demo_run.company, "run", STELLA_THREADS="1")
    assert content(other.published) == content(demo_run.published)


def test_standing_on_the_day_is_that_of_the_marts(demo_run: Run) -> None:
    """Of the last month the snapshot says what the marts of the day say; in every month the bands have their shares."""
    (day,) = _ask(
        demo_run,
        """
        select count(*), count(*) filter (where rfm.rfm_score <> standing.rfm_score
            or rfm.recency_days <> standing.recency_days or rfm.net_amount <> standing.net_amount_to_date
            or lifecycle.lifecycle_stage <> standing.lifecycle_stage or customer.value_band <> standing.value_band)
        from marts.mart_customer_360 as customer
        inner join marts.mart_customer_rfm as rfm using (customer_id)
        inner join marts.mart_customer_lifecycle as lifecycle using (customer_id)
        inner join warehouse.fct_customer_standing as standing
            on customer.customer_id = standing.customer_id
                and standing.month_start_date = date_trunc('month', as_of_date)
        """,
    )
    assert day[0] == _ask(demo_run, "select count(*) from marts.mart_customer_rfm")[0][0]
    assert day[1] == 0
    months = _ask(
        demo_run,
        """
        select count(*) filter (where value_band = 'low') / count(*),
            count(*) filter (where value_band = 'top') / count(*)
        from warehouse.fct_customer_standing where order_count_12m > 0
        group by month_start_date having count(*) >= 200 order by month_start_date
        """,
    )
    assert len(months) >= 12
    assert all(0.78 <= float(str(low)) <= 0.82 and float(str(top)) <= 0.015 for low, top in months)


def test_value_of_twelve_months_is_that_of_the_orders(demo_run: Run) -> None:
    """The band rests on the margin of the orders of twelve months less what was given back, counted from the facts."""
    (row,) = _ask(
        demo_run,
        """
        with month as (
            select max(month_start_date) - interval 1 month as month_start_date from warehouse.fct_customer_standing
        ),
        span as (
            select (month_start_date - interval 11 month)::date as first_day, last_day(month_start_date) as last_day
            from month
        ),
        gained as (
            select customer_id, sum(margin_amount) as amount from warehouse.fct_order_line
            inner join warehouse.dim_date on order_date_key = date_key, span
            where not is_cancelled and date_day between first_day and last_day group by all
            union all
            select customer_id, -sum(refund_amount) from warehouse.fct_return
            inner join warehouse.dim_date on return_date_key = date_key, span
            where date_day between first_day and last_day group by all
        ),
        told as (select customer_id, sum(amount) as amount from gained where customer_id <> -1 group by all)
        select count(*), count(*) filter (where abs(amount - value_amount_12m) > 0.01)
        from told inner join warehouse.fct_customer_standing using (customer_id)
        inner join month using (month_start_date)
        where customer_id not in (select customer_id from warehouse.fct_order_line where margin_amount is null)
        """,
    )
    assert int(str(row[0])) > 500
    assert row[1] == 0


def test_no_personal_value_is_published(demo_run: Run) -> None:
    """Looks for what the registry and the network say of persons in every published text, whole or as words of it."""
    with duckdb.connect(str(demo_run.database), read_only=True) as build:
        personal = build.execute(
            """
            select distinct lower(v) from (
                select unnest([email, phone, street, tax_code, birth_date::text, given_name || ' ' || family_name]) as v
                from staging.stg_customers
                union all select unnest([handle, email]) from staging.stg_social_accounts
                where account_kind = 'person'
                union all select unnest([email, phone]) from staging.stg_contacts
                union all select unnest([email, phone]) from staging.stg_leads
                -- One word may be a holiday's name too.
                union all select name from (
                    select full_name as name from staging.stg_customers
                    union all select full_name from staging.stg_leads
                    union all select display_name from staging.stg_social_accounts where account_kind = 'person'
                ) as named where contains(name, ' ')
            ) as p where length(v) > 5
            """
        ).fetchall()
    wanted = {value for (value,) in personal}
    assert len(wanted) > 5000
    with duckdb.connect(str(demo_run.published.resolve()), read_only=True) as reader:
        texts = reader.execute(
            "select table_schema, table_name, column_name from information_schema.columns"
            " where data_type in ('VARCHAR', 'JSON') or data_type like '%VARCHAR%'"
        ).fetchall()
        for schema, table, column in texts:
            values = reader.execute(f'select distinct lower("{column}"::varchar) from {schema}."{table}"').fetchall()
            found = {piece for (value,) in values if value is not None for piece in _pieces(value)} & wanted
            assert not found, f"{schema}.{table}.{column}: {sorted(found)[:3]}"


def _pieces(text: str) -> set[str]:
    """Give a text and every run of up to six of its words."""
    words = [word for word in re.split(r"[\s\"',;{}\[\]()]+", text) if word]
    starts = range(len(words)) if len(words) > 1 else ()
    return {text} | {" ".join(words[i:j]) for i in starts for j in range(i + 1, min(i + 7, len(words) + 1))}


def test_the_verb_sql_answers_read_only(demo_run: Run) -> None:
    answer = stella(
        demo_run.home, demo_run.company, "sql", "--format", "json", "select count(*) as n from warehouse.dim_customer"
    )
    assert json.loads(answer.output)["n"] > 0
    refused = stella(demo_run.home, demo_run.company, "sql", "select * from read_csv('/etc/passwd')")
    assert refused.exit_code == 2
    assert "Traceback" not in refused.output


def test_status_names_every_feed(demo_run: Run) -> None:
    shown = stella(demo_run.home, demo_run.company, "status")
    assert shown.exit_code == 0
    assert "order_lines" in shown.output
    assert "stella.duckdb" in shown.output


def test_the_outbox_has_one_file_a_channel_and_no_personal_data(demo_run: Run) -> None:
    files = list((demo_run.home / demo_run.company.name / "outbox").rglob("*.csv"))
    assert files
    header = files[0].read_text().splitlines()[0]
    assert not {"email", "phone", "full_name", "street"} & set(header.split(","))
