"""Planned contacts as files for those who send them: one CSV per channel, in a folder per day of decision.

Belongs here: writing keys and references, safely. Does not belong here: personal data (the sender looks the record up),
controls (nobody sends them).
"""

from __future__ import annotations

import csv
import os
from datetime import date
from pathlib import Path

import duckdb

from dagster_project.decisions.gate import withhold
from dagster_project.decisions.tables import TABLES
from dagster_project.settings import Settings

COLUMNS = (
    "plan_ref", "campaign_ref", "source_system", "customer_ref", "channel_code", "planned_on", "planned_hour",
    "offer_kind", "offer_value", "coupon_code", "variant",
)  # fmt: skip
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
BATCH_ROWS = 50_000
TEXTS = [name for name in COLUMNS if TABLES["contact_plan"][name][0] == "text"]
_TO_SEND = """
select plan.* from decisions.contact_plan as plan
where plan.as_of_date = ? and not plan.is_control and not exists (
    select 1 from decisions.withheld_contact as withheld
    where withheld.as_of_date = plan.as_of_date and withheld.plan_ref = plan.plan_ref
)
"""
_ROWS = f"""
select {", ".join(COLUMNS)} from ({_TO_SEND}) as to_send
where channel_code = ? order by planned_on, planned_hour, plan_ref
"""


def write_outbox(connection: duckdb.DuckDBPyConnection, settings: Settings, as_of: date | None = None) -> list[Path]:
    """Write the plan of a day (the newest decided without one) to `outbox/<day>/<channel>.csv`; returns the files.

    Permission is asked once more: a contact that may not be made by what is known now is withheld (`gate.py`).
    A plan covers the whole horizon and takes the place of the plans before it: only the newest folder is to be sent.
    Each file appears whole or not at all, and files of channels that the plan no longer uses go. The same plan gives
    the same bytes. A text that a spreadsheet would run as a formula gets an apostrophe.
    """
    row = connection.execute(
        "select coalesce(?, (select max(as_of_date) from decisions.decision_policy))", [as_of]
    ).fetchone()
    if row is None or row[0] is None:
        return []
    withhold(connection, row[0])
    folder = settings.outbox / row[0].isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    written = [_write_channel(connection, folder, row[0], channel) for channel in _channels(connection, row[0])]
    # A run that was killed may have left a part of a file.
    for stale in {*folder.glob("*.csv"), *folder.glob("*.part")} - set(written):
        stale.unlink()
    return written


def _channels(connection: duckdb.DuckDBPyConnection, day: date) -> list[str]:
    rows = connection.execute(f"select distinct channel_code from ({_TO_SEND}) as to_send order by 1", [day]).fetchall()
    return [str(channel) for (channel,) in rows]


def _write_channel(connection: duckdb.DuckDBPyConnection, folder: Path, day: date, channel: str) -> Path:
    path = folder / f"{''.join(c if c.isalnum() or c in '_-' else '_' for c in channel)}.csv"
    part = path.with_suffix(".part")
    # Where no text could be a formula, Python has to look at none.
    plain = " and ".join(map(is_plain, TEXTS))
    (are_plain,) = connection.execute(
        f"select bool_and({plain}) from ({_TO_SEND}) as to_send where channel_code = ?", [day, channel]
    ).fetchall()[0]
    (copy if are_plain else write_with_care)(connection, part, day, channel)
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(path)
    return path


def copy(connection: duckdb.DuckDBPyConnection, part: Path, day: date, channel: str) -> None:
    """Let the engine write the contacts of a channel to a file: the same bytes, where all texts are plain."""
    name = str(part).replace("'", "''")
    connection.execute(f"copy ({_ROWS}) to '{name}' (format csv, header)", [day, channel])


def write_with_care(connection: duckdb.DuckDBPyConnection, part: Path, day: date, channel: str) -> None:
    """Write the contacts of a channel to a file, each text defused."""
    cursor = connection.execute(_ROWS, [day, channel])
    with part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        while rows := cursor.fetchmany(BATCH_ROWS):
            writer.writerows([defused(value) for value in row] for row in rows)


def is_plain(column: str) -> str:
    """Write the SQL condition that `defused` leaves a text as it is, and that the engine writes it as Python does.

    It begins with a digit or a letter, and has none of the characters that the engine quotes and Python does not.
    """
    begins = f"({column} >= '0' and {column} < '=' or {column} >= 'A' and {column} < '{{')"
    return f"coalesce({begins} and not contains({column}, '#') and not contains({column}, chr(13)), true)"


def defused(value: object) -> str:
    """Write a value so that no spreadsheet takes it for a formula; numbers stay numbers.

    >>> defused("=1+1"), defused(" @x"), defused(-5), defused(None)
    ("'=1+1", "' @x", '-5', '')
    """
    if value is None:
        return ""
    text = str(value)
    is_formula = isinstance(value, str) and (
        text.startswith(FORMULA_STARTS) or text.lstrip().startswith(FORMULA_STARTS)
    )
    return f"'{text}" if is_formula else text
