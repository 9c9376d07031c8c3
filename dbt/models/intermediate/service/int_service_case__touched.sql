-- Cases of which something else may be told: what was said of them, whose they are by what they name, the order that
-- they are about, or the business time that passed, where days have other hours than they had.
with identifiers as ({{ changed_identifiers() }}),

days as (
    select
        min(date_day) as first_day,
        max(date_day) as last_day
    from {{ changed_in(
        ref('int_business_day__cumulated'), ['date_day', 'opens_second', 'open_seconds'], ['date_day']
    ) }}
)

{{ rows_found(ref('stg_service_cases'), ['source_system', 'case_ref'], [
    by_news(),
    by_any(
        ["'record'", 'source_system', 'customer_ref'], 'identifiers', ['identifier_kind', 'source_system', 'identifier']
    ),
    by_any(["'email'", 'email'], 'identifiers', ['identifier_kind', 'identifier']),
    by_any(["'phone'", 'phone'], 'identifiers', ['identifier_kind', 'identifier']),
    by_any(["'handle'", 'handle'], 'identifiers', ['identifier_kind', 'identifier']),
    by_any('order_ref', ref('int_order_reference__touched')),
    "where " ~ local_date('opened_at') ~ " <= (select days.last_day from days) and "
    ~ local_date('greatest(first_response_at, resolved_at)') ~ " >= (select days.first_day from days)",
]) }}
