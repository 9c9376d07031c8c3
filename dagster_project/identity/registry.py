"""What the registry says of each record, normalised once and remembered until the registry says something else.

Belongs here: the tables `intermediate.identity_registry` and `identity_registry_feature`, a cache derived from
`staging.stg_customers`. Does not belong here: records that other feeds name (`records.py`), the features that are
compared in this run (`features.py`).

Both tables hold personal data. They have no record that the registry no longer has, and an erasure drops them
(`memory.forget_records`).
"""

from __future__ import annotations

import hashlib

import duckdb

REGISTRY = "intermediate.identity_registry"
REGISTRY_FEATURE = "intermediate.identity_registry_feature"
FORMER = "identity_former"
"""Temporary: the records of which the registry says something else now, or nothing any more."""
RECORD_ID = "('0x' || left(md5(source_system || '|' || customer_ref), 15))::bigint"

# Everything that the normalised values are made from: a record of which none of it has changed is not read again.
_READ = (
    "source_system", "customer_ref", "registered_at", "is_deleted", "party_type", "gender", "tax_code", "birth_date",
    "given_name", "family_name", "full_name", "organisation_name", "email", "phone", "country_code", "street",
    "postcode", "city",
)  # fmt: skip
_FORMER = f"""
create or replace temp table {FORMER} (said ubigint, record_id bigint, source_system text, customer_ref text)
"""
_TABLES = f"""
create table if not exists {REGISTRY} (
    said ubigint not null, record_id bigint not null, source_system text not null, customer_ref text not null,
    registered_at timestamptz, is_live boolean not null, party_type text, gender text, tax_code text, birth_date date,
    given_name text, name_words text[], email text, phone text, phone_digits text
);
create table if not exists {REGISTRY_FEATURE} (
    record_id bigint not null, party text not null, given_name text, family_name text, birth_date text, gender text,
    email text, email_local text, phone text, street text, street_words text, house_number text, postcode text,
    city text, tax_code text, fingerprint text not null
)
"""
_SAID = f"""
create or replace temp table identity_said as
select source_system, customer_ref, hash('{{version}}', {", ".join(_READ)}) as said from staging.stg_customers
"""
_NEWS = f"""
create or replace temp table identity_news as
select registry.*, said.said, identity_digits(registry.phone) as phone_digits
from staging.stg_customers as registry
inner join (from identity_said anti join {REGISTRY} using (said)) as said
    on registry.source_system = said.source_system and registry.customer_ref = said.customer_ref
"""
_FORGET_FORMER = f"""
insert into {FORMER}
select said, record_id, source_system, customer_ref from {REGISTRY} anti join identity_said using (said);
delete from {REGISTRY} where said in (select said from {FORMER});
delete from {REGISTRY_FEATURE} where record_id in (select record_id from {FORMER})
"""
_NORMALISED = f"""
create or replace temp table identity_normalised as
select
    said,
    {RECORD_ID} as record_id,
    source_system,
    customer_ref,
    registered_at,
    not coalesce(is_deleted, false) as is_live,
    party_type,
    left(lower(gender), 1) as gender,
    upper(nullif(regexp_replace(tax_code, '[^A-Za-z0-9]', '', 'g'), '')) as tax_code,
    birth_date,
    split_part(identity_name(given_name), ' ', 1) as given_name,
    list_sort(list_distinct(string_split(identity_name(
        coalesce(organisation_name, given_name || ' ' || family_name, full_name)
    ), ' '))) as name_words,
    identity_email(email) as email,
    identity_phone_of(phone, phone_digits, country_code) as phone,
    phone_digits
from identity_news;
insert into {REGISTRY} by name from identity_normalised
"""
# What a change is told by, in every version of the house: another text here would teach every model anew.
FINGERPRINT = "md5({})".format(
    " || '|' || ".join(
        f"coalesce({column}, '~')"
        for column in (
            "given_name", "family_name", "birth_date", "gender", "email", "email_local", "phone", "street",
            "street_words", "house_number", "postcode", "city", "tax_code",
        )
    )
)  # fmt: skip
# A full name that stands alone is split: after a comma comes the given name, else the first word is it.
_FEATURES = f"""
insert into {REGISTRY_FEATURE} by name
with named as (
    select
        normalised.*,
        coalesce(normalised.party_type, 'person') as party,
        case
            when news.given_name is not null or news.family_name is not null then news.given_name
            when contains(news.full_name, ',') then split_part(news.full_name, ',', 2)
            when contains(trim(news.full_name), ' ') then split_part(trim(news.full_name), ' ', 1)
        end as written_given,
        case
            when news.given_name is not null or news.family_name is not null then news.family_name
            when contains(news.full_name, ',') then split_part(news.full_name, ',', 1)
            else substr(trim(news.full_name), strpos(trim(news.full_name), ' ') + 1)
        end as written_family,
        news.organisation_name, news.full_name, news.street as written_street, news.city as written_city,
        news.postcode as written_postcode
    from identity_news as news
    inner join identity_normalised as normalised using (said)
),
plain as (
    select
        record_id,
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
select *, {FINGERPRINT} as fingerprint from plain
"""


def read_registry(connection: duckdb.DuckDBPyConnection) -> int:
    """Bring what is remembered of the registry up to date; return how many records were read anew.

    To be called within a transaction. Writes the temporary table `identity_former` (said, record_id, source_system,
    customer_ref): what was remembered and is not true any more.

    `identity_registry`: `said` (a hash of everything that the row is made from and of how it is made), `record_id` (a
    hash of system and reference, the same in every run), `source_system`, `customer_ref`, `registered_at`, `is_live`
    (not deleted), `party_type`, `gender` (first letter), `tax_code`, `birth_date`, `given_name` (first word),
    `name_words` (each word of the name once, sorted), `email`, `phone` (digits with calling code), `phone_digits`
    (digits as written); null where unknown.
    `identity_registry_feature`: as in `features.write_features`, before what too many hold is left out, with
    `fingerprint`, by which a change is told.
    """
    _open_tables(connection)
    connection.execute(_FORMER)
    connection.execute(_SAID.format(version=_version(connection)))
    connection.execute(_NEWS)
    news = _count(connection, "identity_news")
    if _count(connection, REGISTRY) + news > _count(connection, "identity_said"):
        connection.execute(_FORGET_FORMER)
    if news:
        connection.execute(_NORMALISED)
        connection.execute(_FEATURES)
        connection.execute("drop table identity_normalised")
    for table in ("identity_said", "identity_news"):
        connection.execute(f"drop table {table}")
    return news


def _open_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the tables where they are not there, or have the columns of another version: then all is read anew."""
    shape = hashlib.sha256(_TABLES.encode()).hexdigest()[:16]
    comments = "select comment from duckdb_tables() where schema_name || '.' || table_name = ?"
    if connection.execute(comments, [REGISTRY]).fetchone() not in {None, (shape,)}:
        for table in (REGISTRY, REGISTRY_FEATURE):
            connection.execute(f"drop table if exists {table}")
    connection.execute(_TABLES)
    connection.execute(f"comment on table {REGISTRY} is '{shape}'")


def _version(connection: duckdb.DuckDBPyConnection) -> str:
    """Tell how the values are made: by these statements, these macros, this engine's hash."""
    macros = connection.execute(
        "select function_name || macro_definition from duckdb_functions() "
        "where function_type = 'macro' and starts_with(function_name, 'identity_') order by all"
    ).fetchall()
    made = repr((_READ, _NORMALISED, _FEATURES, macros, duckdb.__version__))
    return hashlib.sha256(made.encode()).hexdigest()[:16]


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f"select count(*) from {table}").fetchone()
    return int(row[0]) if row else 0
