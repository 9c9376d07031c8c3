"""A hand-made registry: staging tables with just the columns that identity reads, filled row by row."""

from __future__ import annotations

import duckdb

_TIMES = {"registered_at", "effective_at", "created_at", "ordered_at", "returned_at", "occurred_at", "entered_at",
          "sent_at", "responded_at", "opened_at", "_loaded_at"}  # fmt: skip
_FEEDS = {
    "customers": "source_system customer_ref registered_at party_type gender tax_code birth_date given_name "
    "family_name full_name organisation_name email phone street postcode city country_code is_deleted",
    "consents": "source_system customer_ref effective_at",
    "social_accounts": "platform handle source_system customer_ref display_name bio email account_kind created_at",
    "order_lines": "source_system order_ref customer_ref visitor_ref ordered_at",
    "returns": "source_system customer_ref returned_at",
    "loyalty_entries": "source_system customer_ref referred_customer_ref occurred_at",
    "opportunity_stages": "source_system customer_ref lead_ref entered_at",
    "web_events": "source_system customer_ref visitor_ref order_ref event_type occurred_at",
    "contacts": "source_system customer_ref visitor_ref email phone handle occurred_at",
    "campaign_contacts": "source_system customer_ref sent_at",
    "campaign_responses": "source_system customer_ref responded_at",
    "service_cases": "source_system customer_ref email phone opened_at",
    "device_signals": "source_system customer_ref device_ref occurred_at",
    "leads": "source_system lead_ref full_name organisation_name email phone country_code",
}
_COLUMNS = {feed: [*columns.split(), "_loaded_at"] for feed, columns in _FEEDS.items()}
_KINDS = {"birth_date": "date", "is_deleted": "boolean"}
_DEFAULTS: dict[str, object] = {"source_system": "crm", "country_code": "IT", "platform": "chirp"}


class Registry:
    """Staging in memory, and what the ledger says of it."""

    def __init__(self) -> None:
        self.connection = duckdb.connect()
        self.connection.execute("set TimeZone = 'UTC'")
        self.connection.execute("create schema staging; create schema intermediate")
        self.loaded_at = "2026-01-01 04:00:00+00"
        for feed, columns in _COLUMNS.items():
            self.connection.execute(f"create table staging.stg_{feed} ({', '.join(map(_typed, columns))})")

    def add(self, feed: str, **row: object) -> None:
        """Add one row; `crm`, Italy and 1 January 2025 unless told otherwise, loaded when `loaded_at` says."""
        columns = _COLUMNS[feed]
        fallback = _DEFAULTS | dict.fromkeys(_TIMES, "2025-01-01 12:00:00+00") | {"_loaded_at": self.loaded_at}
        values = [row.pop(column, fallback.get(column)) for column in columns]
        assert not row, f"{feed} has no {sorted(row)}"
        marks = ", ".join("?" * len(values))
        self.connection.execute(f"insert into staging.stg_{feed} values ({marks})", values)

    def person(self, ref: str, system: str = "crm", **row: object) -> None:
        """Add a customer record."""
        self.add("customers", customer_ref=ref, source_system=system, **({"party_type": "person"} | row))

    def change(self, ref: str, system: str = "crm", **row: object) -> None:
        """Change a customer record."""
        for column, value in row.items():
            self.connection.execute(
                f"update staging.stg_customers set {column} = ? where customer_ref = ? and source_system = ?",
                [value, ref, system],
            )

    def believed(self, kind: str = "record") -> dict[tuple[str, str], int]:
        """Give the customer of each identifier of a kind, as believed now."""
        rows = self.connection.execute(
            "select source_system, identifier, customer_id from intermediate.identity_ledger "
            "where believed_to is null and identifier_kind = ?",
            [kind],
        ).fetchall()
        return {(system, identifier): customer for system, identifier, customer in rows}

    def ledger(self) -> list[tuple[object, ...]]:
        """Give the whole ledger in a fixed order."""
        return self.connection.execute("select * from intermediate.identity_ledger order by all").fetchall()

    def decide(self, one: str, other: str, decision: str) -> None:
        """Add a steward's decision about two records, each written as system and reference."""
        self.connection.execute(
            "create schema if not exists reference; create table if not exists reference.identity_decision ("
            "source_system text, customer_ref text, other_source_system text, other_customer_ref text, decision text)"
        )
        values = [*one.split(), *other.split(), decision]
        self.connection.execute("insert into reference.identity_decision values (?, ?, ?, ?, ?)", values)

    def reviewed(self) -> list[tuple[object, ...]]:
        """Give what a person should look at: the two references, the reason, the probability."""
        return self.connection.execute(
            "select customer_ref, other_customer_ref, reason, probability from intermediate.identity_review "
            "order by all"
        ).fetchall()

    def same(self, *records: tuple[str, str]) -> bool:
        """Tell whether the records are one customer."""
        believed = self.believed()
        return len({believed[record] for record in records}) == 1


def _typed(column: str) -> str:
    kind = "timestamptz" if column in _TIMES else _KINDS.get(column, "text")
    return f"{column} {kind}"
