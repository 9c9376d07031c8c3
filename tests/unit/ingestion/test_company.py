# ruff: noqa: E501 - a row of a table of cases is easier read on one line
from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from dagster_project.ingestion.company import Company, load_company
from dagster_project.ingestion.contracts import Contract
from dagster_project.settings import StellaError

LEAST = "name: acme\nhome_currency: eur\nfeeds:\n  order_lines: orders.csv\n"


def read(folder: Path, text: str, contracts: dict[str, Contract]) -> Company:
    folder.mkdir(exist_ok=True)
    (folder / "company.yml").write_text(text, encoding="utf-8")
    return load_company(folder, contracts)


def test_the_least_company_gets_the_usual_things(tmp_path: Path, contracts: dict[str, Contract]) -> None:
    company = read(tmp_path, LEAST, contracts)
    assert (company.title, company.home_currency, company.time_zone) == ("acme", "EUR", "UTC")
    assert (company.week_start, company.calendar, dict(company.business_hours)) == ("monday", "live", {})
    assert company.feeds["order_lines"].files == ("orders.csv",)
    assert company.landing_folder(tmp_path / "home") == tmp_path / "landing"


def test_every_key_is_read(tmp_path: Path, contracts: dict[str, Contract]) -> None:
    company = read(tmp_path, """
name: acme
title: Acme Ltd
home_currency: GBP
time_zone: Europe/London
week_start: Sunday
business_hours: {Monday: "9:00-17:30", tuesday: closed}
calendar: historical
landing: /srv/files
requires: requirements.lock
feeds:
  order_lines: {files: [a*.csv, b*.csv], format: csv, options: {delimiter: ";", decimal: ","}}
  products: {query: "select 1 as product_ref", connection: SHOP_DSN, watermark: updated_at}
lookups: {product_map: {files: map.csv}}
codes: {channel: {Telefono: call_centre, 1: web, yes: app}}
decisions: {contact_limit: 4}
""", contracts)  # fmt: skip
    assert company.business_hours == {"monday": (time(9), time(17, 30))}
    assert company.is_historical
    assert company.week_start == "sunday"
    assert company.landing_folder(tmp_path) == Path("/srv/files")
    assert company.requires == tmp_path.resolve() / "requirements.lock"
    assert company.feeds["order_lines"].options.decimal == ","
    assert company.feeds["products"].watermark == "updated_at"
    assert company.codes["channel"] == {"Telefono": "call_centre", "1": "web", "yes": "app"}
    assert company.decisions == {"contact_limit": 4}


@pytest.mark.parametrize(
    "feed",
    [
        "a.csv", "[a.csv]", "{files: a.csv}", "{file: a.csv}", "{glob: a.csv}", "{path: a.csv}", "{pattern: a.csv}",
        "{files: [a.csv], format: CSV}", "{files: a.csv, delimiter: ';'}", "{files: a.csv, options: {sep: tab}}",
    ],
)  # fmt: skip
def test_a_feed_may_be_written_in_several_ways(feed: str, tmp_path: Path, contracts: dict[str, Contract]) -> None:
    company = read(tmp_path, f"name: a\nhome_currency: EUR\nfeeds: {{order_lines: {feed}}}", contracts)
    assert company.feeds["order_lines"].files == ("a.csv",)


@pytest.mark.parametrize("name", ["jsonl", "ndjson", "json", "JSON Lines"])
def test_a_format_may_be_named_in_several_ways(name: str, tmp_path: Path, contracts: dict[str, Contract]) -> None:
    text = f"name: a\nhome_currency: EUR\nlanding_folder: in\nfeeds: {{order_lines: {{files: a, format: {name}}}}}"
    assert read(tmp_path, text, contracts).feeds["order_lines"].format == "json"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LEAST.replace("order_lines", "order_line"), "line 4: unknown feed 'order_line'. Did you mean 'order_lines'?"),
        (LEAST.replace("order_lines: orders.csv", "products: p.csv"), "line 3: the feed order_lines is missing"),
        (LEAST.replace("eur", "EURO"), "line 2: home_currency: 'EURO' is not an ISO 4217 currency"),
        (LEAST + "time_zon: UTC\n", "line 5: unknown key 'time_zon'. Did you mean 'time_zone'?"),
        (LEAST + "time_zone: Europe/Roma\n", "line 5: time_zone: 'Europe/Roma' is not an IANA time zone"),
        (LEAST + "business_hours: {monday: 18-9}\n", "line 5: '18-9'"),
        (LEAST + "business_hours: {monday: '18:00-09:00'}\n", "it must close after it opens"),
        (LEAST + "calendar: old\n", "line 5: calendar: Input should be 'live' or 'historical'"),
        (LEAST + "codes: {chanel: {a: web}}\n", "unknown code list 'chanel'. Did you mean 'channel'?"),
        (LEAST + "codes:\n  channel:\n    Telefono: phone\n", "line 7: channel: 'phone' is no code of it"),
        (LEAST + "lookups: {landing: {files: a.csv}}\n", "cannot name a lookup"),
        (LEAST + "name: other\n", "line 5: 'name' is already said on line 1"),
        (LEAST + "  products: {query: select 1}\n", "a query needs a connection"),
        (LEAST + "  products: {query: select 1, connection: 'postgres://u:s3cret@h/d'}\n", "name of an environment variable"),
        (LEAST + "  products: {files: a.csv, fromat: csv}\n", "line 5: unknown key 'fromat'. Did you mean 'format'?"),
        (LEAST + "  products: {}\n", "give either files or a query"),
        ("- a\n", "a mapping of keys to values"),
        ("name: [\n", "not valid YAML"),
        ("", "a mapping of keys to values"),
    ],
)  # fmt: skip
def test_a_broken_company_is_told_with_file_and_line(
    text: str, message: str, tmp_path: Path, contracts: dict[str, Contract]
) -> None:
    with pytest.raises(StellaError) as fault:
        read(tmp_path, text, contracts)
    assert str(tmp_path / "company.yml") in str(fault.value)
    assert message in str(fault.value)
    assert "s3cret" not in str(fault.value)


def test_a_mapping_that_no_feed_uses_is_told(tmp_path: Path, contracts: dict[str, Contract]) -> None:
    (tmp_path / "order_line.sql").write_text("select * from landing")
    with pytest.raises(
        StellaError, match=r"order_line\.sql: no feed of company\.yml uses it\. Did you mean 'order_lines'"
    ):
        read(tmp_path, LEAST, contracts)


def test_a_folder_without_company_is_told(tmp_path: Path, contracts: dict[str, Contract]) -> None:
    with pytest.raises(StellaError, match="there is no such file"):
        load_company(tmp_path, contracts)


def test_landing_understands_variables_and_packages(
    tmp_path: Path, contracts: dict[str, Contract], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_FILES", "/srv/acme")
    company = read(tmp_path, LEAST + "landing: ${ACME_FILES}/in\n", contracts)
    assert company.landing_folder(tmp_path) == Path("/srv/acme/in")
    monkeypatch.delenv("ACME_FILES")
    with pytest.raises(StellaError, match="ACME_FILES is not set"):
        company.landing_folder(tmp_path)
    assert read(tmp_path, LEAST + "landing: package:yaml/x\n", contracts).landing_folder(tmp_path).parts[-2:] == (
        "yaml",
        "x",
    )
    with pytest.raises(StellaError, match="'no_such_thing' is not installed"):
        read(tmp_path, LEAST + "landing: package:no_such_thing/x\n", contracts).landing_folder(tmp_path)


def test_the_real_companies_are_sound(contracts: dict[str, Contract]) -> None:
    folders = sorted(Path("sources/companies").glob("*/company.yml"))
    assert folders
    for path in folders:
        assert load_company(path.parent, contracts).feeds["order_lines"]


def test_retention_names_feeds_and_classes(tmp_path: Path, contracts: dict[str, Contract]) -> None:
    company = read(
        tmp_path, f"{LEAST}retention: {{order_lines: {{personal: 730}}, web_events: {{rows: 400}}}}\n", contracts
    )
    assert company.retention == {"order_lines": {"personal": 730}, "web_events": {"rows": 400}}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{web_event: {rows: 9}}", "unknown feed 'web_event'. Did you mean 'web_events'?"),
        ("{order_lines: {rows: 9}}", "order_lines has money: its rows stay"),
        ("{web_events: {secret: 9}}", "should be 'personal', 'sensitive' or 'rows'"),
        ("{web_events: {rows: 0}}", "greater than 0"),
    ],
)
def test_a_retention_that_cannot_be_is_named_with_its_line(
    tmp_path: Path, contracts: dict[str, Contract], written: str, said: str
) -> None:
    with pytest.raises(StellaError, match=r"company\.yml, line 5") as fault:
        read(tmp_path, f"{LEAST}retention: {written}\n", contracts)
    assert said in str(fault.value)
