"""What a record says of its person or organisation, written so that two records can be compared.

Belongs here: the table `identity_feature`. Does not belong here: how two of its rows are compared (`comparisons.py`).
"""

from __future__ import annotations

import duckdb

from dagster_project.identity.registry import FINGERPRINT, REGISTRY_FEATURE

MAX_HOLDERS = 30
"""An e-mail address, phone or tax code held by more records than this says nothing of who somebody is."""
COLUMNS = (
    "given_name", "family_name", "birth_date", "gender", "email", "phone", "street", "postcode", "city", "tax_code",
)  # fmt: skip

# Hashes are counted first: few of them are of a value held by many, and only these values are.
# By column, those of its values that may be crowded: the first of January is what systems write for an unknown day.
_MAY_BE_CROWDED = {"email": "%", "phone": "%", "tax_code": "%", "birth_date": "%-01-01"}
_HELD_BY_TOO_MANY = f"""
select '{{column}}' as column_name, party, {{column}} as value
from {REGISTRY_FEATURE}
where hash({{column}}) in (
    select hash({{column}}) from {REGISTRY_FEATURE} where {{column}} like '{{like}}'
    group by 1 having count(*) > {MAX_HOLDERS}
)
group by 2, 3 having count(*) > {MAX_HOLDERS}"""
# Few records hold what too many hold: they stand beside what is remembered, of which nothing else is copied.
_FEATURES = f"""
create or replace temp table identity_crowded_value as {{values}};
create or replace temp table identity_crowded as select * from {REGISTRY_FEATURE} where {{is_crowded}};
{{updates}};
update identity_crowded set fingerprint = {FINGERPRINT};
create or replace temp view identity_feature as
from {REGISTRY_FEATURE} where record_id not in (select record_id from identity_crowded)
union all
from identity_crowded
"""
_IS_CROWDED = "(party, {column}) in (select (party, value) from identity_crowded_value where column_name = '{column}')"


def write_features(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Write the temporary view `identity_feature`, one row per registry record; return its rows by party.

    Columns: `record_id` (a hash of system and reference, the same in every run), `party` (person or organisation), then
    text without accents in Latin letters: `given_name`, `family_name` (of an organisation: its name), `birth_date`,
    `gender`, `email`, `email_local`, `phone`, `street`, `street_words` (sorted), `house_number`, `postcode`, `city`,
    `tax_code`; null where unknown or held by too many to identify anyone; and `fingerprint`, of all of these.
    """
    crowded = {column: _IS_CROWDED.format(column=column) for column in _MAY_BE_CROWDED}
    connection.execute(_FEATURES.format(
        values=" union all ".join(_HELD_BY_TOO_MANY.format(column=c, like=like) for c, like in _MAY_BE_CROWDED.items()),
        is_crowded=" or ".join(crowded.values()),
        updates="; ".join(f"update identity_crowded set {c} = null where {held}" for c, held in crowded.items()),
    ))  # fmt: skip
    return dict(connection.execute("select party, count(*) from identity_feature group by 1").fetchall())


def filled(connection: duckdb.DuckDBPyConnection, party: str) -> dict[str, int]:
    """Count the records of a party in which each column is known."""
    counts = ", ".join(f"count({column})" for column in COLUMNS)
    row = connection.execute(f"select {counts} from identity_feature where party = ?", [party]).fetchone()
    return dict(zip(COLUMNS, row or [0] * len(COLUMNS), strict=True))
