"""The memory of identity: which identifier was believed to be whose, from when to when.

Belongs here: the table `intermediate.identity_ledger` and how a new belief is entered into it. Does not belong
here: how beliefs are formed.

The ledger is append-only in spirit: a row is never changed except to say when the belief ended. What is believed
again as before is not touched, so a second run over the same records changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

LEDGER = "intermediate.identity_ledger"
_KEY = ("identifier_kind", "source_system", "identifier")
_BELIEF = (*_KEY, "customer_id", "rule", "probability", "valid_from", "valid_to")
_TABLE = f"""
create table if not exists {LEDGER} (
    identifier_kind text not null, source_system text not null, identifier text not null, customer_id bigint not null,
    rule text not null, probability double not null, valid_from timestamptz not null, valid_to timestamptz not null,
    believed_from timestamptz not null, believed_to timestamptz
)
"""


@dataclass(frozen=True)
class LedgerChange:
    """How many rows one entry opened, closed and left alone."""

    opened: int
    closed: int
    unchanged: int


def ensure_ledger(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the ledger if the warehouse has none yet."""
    connection.execute(_TABLE)


def enter_beliefs(connection: duckdb.DuckDBPyConnection, believed_at: datetime) -> LedgerChange:
    """Bring the ledger to what `identity_belief` says, as of `believed_at` (with offset), all or nothing."""
    ensure_ledger(connection)
    said = f"hash({', '.join(_BELIEF)}) as said"
    connection.execute(
        "create or replace temp table identity_unchanged as "
        "select ledger.ledger_row, belief.belief_row "
        f"from (select rowid as ledger_row, {said} from {LEDGER} where believed_to is null) as ledger "
        f"inner join (select rowid as belief_row, {said} from identity_belief) as belief on ledger.said = belief.said"
    )
    unchanged = _count(connection, "select count(*) from identity_unchanged")
    closed = _count(connection, f"select count(*) from {LEDGER} where believed_to is null") - unchanged
    opened = _count(connection, "select count(*) from identity_belief") - unchanged
    if closed or opened:
        _write(connection, believed_at, closed)
    connection.execute("drop table identity_unchanged")
    return LedgerChange(opened=opened, closed=closed, unchanged=unchanged)


def _write(connection: duckdb.DuckDBPyConnection, believed_at: datetime, closed: int) -> None:
    columns = ", ".join(_BELIEF)
    connection.execute("begin transaction")
    try:
        if closed:
            connection.execute(
                f"update {LEDGER} set believed_to = ? where believed_to is null "
                "and rowid not in (select ledger_row from identity_unchanged)",
                [believed_at],
            )
        connection.execute(
            f"insert into {LEDGER} ({columns}, believed_from) select {columns}, ? from identity_belief "
            "where rowid not in (select belief_row from identity_unchanged) order by all",
            [believed_at],
        )
        connection.execute("commit")
    except Exception:
        connection.execute("rollback")
        raise


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
