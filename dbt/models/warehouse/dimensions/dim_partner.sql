with partner as (
    select * from {{ ref('stg_partners') }}
),

-- Every partner that anything points to, whether or not the partner's own row has come.
member as (
    select partner_ref
    from partner
    {{ referenced_in([
        'order_lines', 'contacts', 'leads', ('customers__history', 'acquisition_partner_ref')
    ], 'partner_ref') }}
    union
    select cast(null as {{ type_string() }}) as partner_ref
)

select
    {{ key_or_unknown(['member.partner_ref']) }} as partner_key,
    coalesce(member.partner_ref, 'unknown') as partner_ref,
    member.partner_ref is not null and partner.partner_ref is null as is_inferred,
    coalesce(partner.name, 'unknown') as name,
    coalesce(partner.kind, 'unknown') as kind,
    coalesce(partner.country_code, 'unknown') as country_code,
    cast(partner.commission_pct as {{ type_double() }}) / 100 as commission_share
from member
left join partner
    on member.partner_ref = partner.partner_ref
