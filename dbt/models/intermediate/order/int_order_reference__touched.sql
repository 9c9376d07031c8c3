-- What may change of a reference: who makes it, which orders have its name, and whose they are.
with identifiers as ({{ changed_identifiers() }}),

records as (
    select
        source_system,
        identifier as customer_ref
    from identifiers
    where identifier_kind = 'record'
),

visitors as (
    select identifier as visitor_ref
    from identifiers
    where identifier_kind = 'visitor'
),

-- A system that sells for the first time means no order of another any more.
new_systems as (
    select source_system
    from {{ ref('stg_order_lines') }}
    group by source_system
    having {{ is_new('min(_loaded_at)') }}
)

select order_ref
from {{ ref('stg_order_references__touched') }}
union distinct
select order_ref
from (
    {{ rows_found(ref('stg_order_lines'), ['order_ref'], [
        by_news(),
        by_any('visitor_ref', 'visitors'),
        by_any(['source_system', 'customer_ref'], 'records'),
    ]) }}
) as found
{% for feed in feeds_that_mention_orders() %}
    union distinct
    select order_ref
    from {{ ref('stg_' ~ feed) }}
    where order_ref is not null and {{ is_among('source_system', 'new_systems') }}
{% endfor %}
