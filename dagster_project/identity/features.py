"""What a record says of its person or organisation, written so that two records can be compared.

Belongs here: the table `identity_feature`. Does not belong here: how two of its rows are compared (`comparisons.py`).
"""

from __future__ import annotations

import duckdb

MAX_HOLDERS = 30
"""An e-mail address, phone or tax code held by more records than this says nothing of who somebody is."""
COLUMNS = (
    "given_name", "family_name", "birth_date", "gender", "email", "phone", "street", "postcode", "city", "tax_code",
)  # fmt: skip

# A full name that stands alone is split: after a comma comes the given name, else the first word is it.
_FEATURES = """
create or replace temp table identity_feature as
with named as (
    select
        record.*,
        coalesce(record.party_type, 'person') as party,
        case
            when registry.given_name is not null or registry.family_name is not null then registry.given_name
            when contains(registry.full_name, ',') then split_part(registry.full_name, ',', 2)
            when contains(trim(registry.full_name), ' ') then split_part(trim(registry.full_name), ' ', 1)
        end as written_given,
        case
            when registry.given_name is not null or registry.family_name is not null then registry.family_name
            when contains(registry.full_name, ',') then split_part(registry.full_name, ',', 1)
            else substr(trim(registry.full_name), strpos(trim(registry.full_name), ' ') + 1)
        end as written_family,
        registry.organisation_name, registry.full_name, registry.street as written_street,
        registry.city as written_city, registry.postcode as written_postcode
    from identity_record as record
    inner join staging.stg_customers as registry
        on record.source_system = registry.source_system and record.customer_ref = registry.customer_ref
),
plain as (
    select
        ('0x' || left(md5(source_system || '|' || customer_ref), 15))::bigint as record_id,
        node_id,
        party,
        case when party = 'person' then identity_latin(written_given) end as given_name,
        identity_latin(case when party = 'person' then written_family
            else coalesce(organisation_name, full_name) end) as family_name,
        birth_date::text as birth_date,
        gender,
        email,
        split_part(email, '@', 1) as email_local,
        phone,
        identity_latin(written_street) as street,
        array_to_string(list_sort(string_split(street, ' ')), ' ') as street_words,
        nullif(regexp_extract(written_street, '[0-9]+'), '') as house_number,
        identity_latin(written_postcode) as postcode,
        identity_latin(written_city) as city,
        tax_code
    from named
)
from plain
"""
_CROWDED = """
update identity_feature set {column} = null
from (
    select party, {column} from identity_feature where {column} like '{like}' group by 1, 2 having count(*) > {limit}
) as crowded
where identity_feature.party = crowded.party and identity_feature.{column} = crowded.{column}
"""
# By column, those of its values that may be crowded: the first of January is what systems write for an unknown day.
_MAY_BE_CROWDED = {"email": "%", "phone": "%", "tax_code": "%", "birth_date": "%-01-01"}


def write_features(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Write the temporary table `identity_feature`, one row per registry record; return its rows by party.

    Columns: `record_id` (a hash of system and reference, the same in every run), `node_id`, `party` (person or
    organisation), then text without accents in Latin letters: `given_name`, `family_name` (of an organisation: its
    name), `birth_date`, `gender`, `email`, `email_local`, `phone`, `street`, `street_words` (sorted),
    `house_number`, `postcode`, `city`, `tax_code`; null where unknown or held by too many to identify anyone.
    """
    connection.execute(_FEATURES)
    for column, like in _MAY_BE_CROWDED.items():
        connection.execute(_CROWDED.format(column=column, like=like, limit=MAX_HOLDERS))
    return dict(connection.execute("select party, count(*) from identity_feature group by 1").fetchall())


def filled(connection: duckdb.DuckDBPyConnection, party: str) -> dict[str, int]:
    """Count the records of a party in which each column is known."""
    counts = ", ".join(f"count({column})" for column in COLUMNS)
    row = connection.execute(f"select {counts} from identity_feature where party = ?", [party]).fetchone()
    return dict(zip(COLUMNS, row or [0] * len(COLUMNS), strict=True))
