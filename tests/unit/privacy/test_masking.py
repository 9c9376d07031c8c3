"""Free text: what is personal goes, by its form and by what is known of persons; the rest stays as it was written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime

import duckdb
import pytest

from dagster_project.privacy.key import PseudonymKey
from dagster_project.privacy.known_persons import phrases_of
from dagster_project.privacy.masking import MASKED, mask_texts, rules
from dagster_project.privacy.tombstones import bury

DAY = date(2026, 6, 30)
KEY = PseudonymKey(b"k" * 32)
EXAMPLES = [(rule.replacement, text) for rule in rules(DAY) for text in rule.masked]
LEFT = [text for rule in rules(DAY) for text in rule.left]


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        for schema in ("raw", "staging", "warehouse"):
            opened.execute(f"create schema {schema}")
        opened.execute("create table warehouse.said (text varchar)")
        yield opened


@pytest.fixture
def people(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    connection.execute(
        "create table staging.stg_customers__history as from (values"
        " ('person', 'Zoë', 'Quintarèlli', 'Zoë Quintarèlli', null, 'Sentiero Grande 12', 'QX77123'),"
        " ('person', null, null, 'Rosa De Luca', null, 'Waldstraße 60', null),"
        " ('organisation', null, null, null, 'Studio Zefiro Srl', null, null))"
        " as t (party_type, given_name, family_name, full_name, organisation_name, street, tax_code)"
    )
    connection.execute("create table staging.stg_agents as select 'Nora Fabbri' as name")
    connection.execute("create table staging.stg_leads as select 'Otto Wanninger' as full_name")
    connection.execute(
        "create table staging.stg_social_accounts as from (values ('zoe_q.77', 'Zoë Q', 'person'),"
        " ('summer', 'Summer', 'person'), ('bottega.stella', 'Bottega Stella', 'own'))"
        " as t (handle, display_name, account_kind)"
    )
    connection.execute("create table warehouse.dim_partner as select 'Luca wine' as name")
    return connection


def masked(connection: duckdb.DuckDBPyConnection, *texts: str, key: PseudonymKey | None = None) -> list[str]:
    connection.execute("delete from warehouse.said")
    connection.executemany("insert into warehouse.said values (?)", [[text] for text in texts])
    mask_texts(connection, [("warehouse", "said", "text")], DAY, key)
    became = dict(connection.execute(f"from {MASKED}").fetchall())
    return [became.get(text, text) for text in texts]


def test_every_form_is_found_and_only_it(connection: duckdb.DuckDBPyConnection) -> None:
    plain = [re.sub("[{}]", "", text) for _, text in EXAMPLES]
    for (_, text), became in zip(EXAMPLES, masked(connection, *plain), strict=True):
        around = [re.escape(part) for part in re.split(r"\{.*?\}", text, flags=re.DOTALL)]
        assert re.fullmatch(r"\[[a-z ]+\]".join(around), became, re.DOTALL), f"{text} became {became}"


def test_what_only_looks_like_one_stays(connection: duckdb.DuckDBPyConnection) -> None:
    assert masked(connection, *LEFT) == LEFT


@pytest.mark.parametrize(
    ("text", "became"),
    [
        ("Saluti, ZOE QUINTARELLI", "Saluti, [name]"),
        ("quintarelli zoë ha scritto", "[name] ha scritto"),
        ("La vicina Quintarelli, sempre lei!", "La vicina [name], sempre lei!"),
        ("chiedete a rosa de luca (interno 3)", "chiedete a [name] (interno 3)"),
        ("Nora Fabbri mi ha risposto; Otto Wanninger no.", "[name] mi ha risposto; [name] no."),
        ("Il pacco è in sentiero grande 12, grazie", "Il pacco è in [address], grazie"),
        ("vivo in Sentiero Grande", "vivo in [address]"),
        ("vicino alla WALDSTRASSE 60", "vicino alla [address]"),
        ("codice qx77123.", "codice [tax code]."),
        ("seguite zoe_q.77 e @Summer", "seguite [handle] e [handle]"),
        ("scrive Studio Zefiro Srl", "scrive [name]"),
        ("(Zoe Quintarelli)Rosa De Luca", "([name]"),
    ],
)
def test_what_is_known_of_persons_goes_however_it_is_written(
    people: duckdb.DuckDBPyConnection, text: str, became: str
) -> None:
    assert masked(people, text) == [became]


def test_what_is_no_person_stays(people: duckdb.DuckDBPyConnection) -> None:
    texts = [
        "Rosa è il colore, la maglia rosa, e rosa anche i guanti",
        "Grazie a @bottega.stella per il summer sale",
        "Luca wine è finito",
        "a b  c — d\n\n«Perché?» …  ",
        "",
    ]
    assert masked(people, *texts) == texts


def test_a_name_that_is_an_everyday_word_goes_only_beside_another(people: duckdb.DuckDBPyConnection) -> None:
    people.execute("insert into staging.stg_leads values ('Felice Grande')")
    texts = ["Felice!", "sono felice", "Felice Grande ha ordinato", "grande", "molto felice"]
    assert masked(people, *texts) == ["Felice!", "sono felice", "[name] ha ordinato", "grande", "molto felice"]


def test_the_erased_are_found_by_their_tombstones_also_with_a_key_that_was_retired(
    people: duckdb.DuckDBPyConnection,
) -> None:
    text = "Con Ermenegilda Stradivari di Borgo Bassa Nord 5, e con Ermenegilda Rossi"
    assert masked(people, text, key=KEY) == [text]
    told = phrases_of(people, ["Ermenegilda Stradivari", "Ermenegilda", "Borgo Bassa Nord 5", "1985-04-03"])
    bury(people, told, KEY, datetime(2026, 1, 1, tzinfo=UTC))
    became = ["Con [name] di [name], e con Ermenegilda Rossi"]
    assert masked(people, text, key=KEY) == became
    assert masked(people, text, key=PseudonymKey(b"n" * 32, (KEY.current,))) == became
    assert masked(people, text, key=PseudonymKey(b"n" * 32)) == [text]
    kept = str(people.execute("from raw._tombstone").fetchall()).lower()
    assert not any(word in kept for word in ("ermenegilda", "stradivari", "bassa"))
    assert masked(people, "1985 04 03", key=KEY) == ["1985 04 03"], "a number of figures is no phrase of his"


def test_each_text_once_and_only_columns_that_have_any(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create table warehouse.other as select 'nothing to hide' as text from range(3)")
    connection.execute("insert into warehouse.said select 'call +39 333 1234567' from range(3)")
    columns = [("warehouse", "said", "text"), ("warehouse", "other", "text")]
    assert mask_texts(connection, columns, DAY) == {("warehouse", "said", "text")}
    assert connection.execute(f"from {MASKED}").fetchall() == [("call +39 333 1234567", "call [phone]")]
