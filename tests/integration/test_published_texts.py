"""Personal content planted in every free text of a finished run is in no column of what is published after it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from dagster_project.publishing.privacy import describe
from tests.integration.runs import Run, stella

pytestmark = pytest.mark.xdist_group("whole_way")

HARMLESS = "Il pacco 2 di 3 è arrivato il 12/03/2026 alle 18:30: 49,90 EUR, grazie mille!"


@pytest.fixture(scope="module")
def planted(demo_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Run, list[str]]]:
    """A copy of the demo in which each masked column says everything of some persons, and something harmless."""
    home = tmp_path_factory.mktemp("planted")
    shutil.copytree(demo_run.home, home, dirs_exist_ok=True, symlinks=True)
    run = Run(home, demo_run.company, 0, "")
    manifest = json.loads(next(home.rglob("manifest.json")).read_text())
    with duckdb.connect(str(run.database)) as build:
        build.execute("set TimeZone = 'UTC'")
        persons = build.execute(
            "select full_name, email, phone, street, strftime(birth_date, '%d.%m.%Y'), upper(full_name) "
            "from warehouse.dim_customer_personal where full_name like '% %' and email is not null "
            "and phone is not null and street is not null and birth_date < '1990-01-01' order by customer_id limit 8"
        ).fetchall()
        (handles,) = build.execute(
            "select list(handle) from (select handle from staging.stg_social_accounts "
            "where account_kind = 'person' order by 1 limit 8)"
        ).fetchone() or ([],)
        told = [
            f"{name}, {email}, tel. {phone}, abito in {street}, nato il {born}, @{handle} o {handle}. {loud}"
            for (name, email, phone, street, born, loud), handle in zip(persons, handles, strict=True)
        ]
        for (schema, table), each in describe(manifest).items():
            for column in sorted(each.masked_columns):
                build.execute(
                    f'update {schema}."{table}" set "{column}" = ($1::varchar[])[1 + rowid % $2]',
                    [[*told, HARMLESS], len(told) + 1],
                )
    published = stella(home, demo_run.company, "publish")
    assert published.exit_code == 0, published.output[-3000:]
    yield published, [*(value for person in persons for value in person), *handles]


def _texts(run: Run) -> Iterator[tuple[str, set[str]]]:
    with duckdb.connect(str(run.published.resolve()), read_only=True) as reader:
        columns = reader.execute(
            "select table_schema, table_name, column_name from information_schema.columns "
            "where data_type in ('VARCHAR', 'JSON') or data_type like '%VARCHAR%'"
        ).fetchall()
        for schema, table, column in columns:
            rows = reader.execute(f'select distinct cast("{column}" as varchar) from {schema}."{table}"').fetchall()
            yield f"{schema}.{table}.{column}", {value for (value,) in rows if value is not None}


def test_nothing_that_was_planted_is_in_any_column(planted: tuple[Run, list[str]]) -> None:
    run, sought = planted
    assert len(sought) == 56
    for column, texts in _texts(run):
        everything = "\n".join(texts).lower()
        assert not [value for value in sought if value.lower() in everything], column


def test_what_is_not_personal_stays_readable(planted: tuple[Run, list[str]]) -> None:
    run, _ = planted
    texts = dict(_texts(run))
    masked = {name: found for name, found in texts.items() if any("[name], [email]" in text for text in found)}
    assert {
        "warehouse.fct_service_case.text", "warehouse.fct_social_post.text", "warehouse.fct_web_event.search_term",
        "warehouse.dim_social_account.bio", "warehouse.dim_page.page_path", "warehouse.fct_return.reason",
        "warehouse.fct_touchpoint.outcome", "marts.mart_customer_360.last_case_topic",
    } <= set(masked)  # fmt: skip
    for name, found in masked.items():
        assert HARMLESS in found, name


def test_the_raw_text_is_in_the_restricted_file_alone(planted: tuple[Run, list[str]], tmp_path: Path) -> None:
    run, (name, *_) = planted
    again = stella(run.home, run.company, "publish", STELLA_PUBLISH_PERSONAL="true")
    assert again.exit_code == 0, again.output[-3000:]
    restricted = run.published.with_name("stella_personal.duckdb").resolve()
    assert restricted.stat().st_mode & 0o777 == 0o600
    with duckdb.connect(str(restricted), read_only=True) as reader:
        told = reader.execute("select count(*) from warehouse.fct_service_case where contains(text, ?)", [name])
        assert (told.fetchone() or (0,))[0] > 0
    assert not any(name in text for _, texts in _texts(run) for text in texts)
