with store as (
    select * from {{ ref('stg_stores') }}
),

-- Every store that anything points to, whether or not its own row has come.
member as (
    select store_ref
    from store
    {{ referenced_in(['order_lines'], 'store_ref') }}
    union
    select cast(null as {{ type_string() }}) as store_ref
)

select
    {{ key_or_unknown(['member.store_ref']) }} as store_key,
    coalesce(member.store_ref, 'unknown') as store_ref,
    member.store_ref is not null and store.store_ref is null as is_inferred,
    coalesce(store.name, 'unknown') as name,
    coalesce(store.city, 'unknown') as city,
    coalesce(store.postcode, 'unknown') as postcode,
    coalesce(store.country_code, 'unknown') as country_code,
    store.time_zone
from member
left join store
    on member.store_ref = store.store_ref
