{{ config(schema='intermediate', contract={'enforced': false}) }}

-- What may change of a contact: what was said of it, its rate, whose it is, the versions and planned costs of the
-- campaign, and what came of it: responses, and orders of its customer.
with planned as (
    select
        campaign_ref,
        channel_code
    from {{ changed_in(
        ref('bridge_campaign_channel'),
        ['campaign_ref', 'channel_code', 'unit_cost_amount', 'unit_cost_amount_original'],
        ['campaign_ref', 'channel_code']
    ) }}
),

buyers as (
    select
        source_system,
        customer_ref
    from {{ ref('int_record__resolved') }}
    where {{ is_among('customer_id', ref('fct_order_line__touched_customers')) }}
)

select
    contact_ref,
    {{ surrogate_key(['contact_ref']) }} as campaign_contact_key
from (
    {{ rows_found(ref('stg_campaign_contacts'), ['contact_ref'], [
        by_news(),
        by_any(['currency_code', 'sent_on'], changed_rates(), ['currency_code', 'rate_date']),
        by_customer('sent_at', ['source_system', 'customer_ref'], ref('dim_customer__touched_records')),
        by_any('campaign_ref', changed_versions('campaign')),
        by_any(['campaign_ref', 'channel_code'], 'planned'),
        by_any('contact_ref', ref('int_campaign_contact__touched')),
        by_any(['source_system', 'customer_ref'], 'buyers'),
    ]) }}
) as contacts
