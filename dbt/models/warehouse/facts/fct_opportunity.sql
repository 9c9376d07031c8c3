-- An opportunity belongs to the customer whom its stages name, else to the one whom its lead became.
with opportunities as (
    select
        staged.*,
        coalesce(records.customer_id, leads.customer_id, orders.customer_id, -1) as customer_id,
        orders.order_key
    from {{ ref('int_opportunity__staged') }} as staged
    left join {{ ref('int_record__resolved') }} as records
        on staged.source_system = records.source_system and staged.customer_ref = records.customer_ref
    left join {{ ref('int_lead__resolved') }} as leads
        on staged.source_system = leads.source_system and staged.lead_ref = leads.lead_ref
    left join {{ ref('int_order_reference__resolved') }} as orders
        on staged.source_system = orders.source_system and staged.order_ref = orders.order_ref
)

select
    {{ surrogate_key(['opportunities.source_system', 'opportunities.opportunity_ref']) }} as opportunity_key,
    opportunities.source_system,
    opportunities.opportunity_ref,
    coalesce(customers.customer_key, -1) as customer_key,
    opportunities.customer_id,
    opportunities.lead_ref,
    coalesce(campaigns.campaign_key, -1) as campaign_key,
    {{ key_or_unknown(['opportunities.agent_ref']) }} as agent_key,
    coalesce(opportunities.order_key, -1) as order_key,
    {{ event_date_key('opportunities.opened_at') }} as opened_date_key,
    opportunities.stage_code,
    cast(opportunities.stage_count as bigint) as stage_count,
    opportunities.won_at is null and opportunities.lost_at is null as is_open,
    opportunities.won_at is not null as is_won,
    opportunities.currency_code,
    opportunities.opportunity_amount,
    opportunities.opportunity_amount_original,
    {{ days_between(
        local_date('opportunities.opened_at'), local_date('coalesce(opportunities.won_at, opportunities.lost_at)')
    ) }} as cycle_days,
    opportunities.opened_at,
    opportunities.last_stage_at,
    opportunities.won_at,
    opportunities.lost_at,
    opportunities._loaded_at
from opportunities
left join {{ ref('dim_customer') }} as customers
    on
        opportunities.customer_id = customers.customer_id
        and opportunities.opened_at >= customers.valid_from
        and opportunities.opened_at < customers.valid_to
left join {{ ref('dim_campaign') }} as campaigns
    on
        opportunities.campaign_ref = campaigns.campaign_ref
        and campaigns.campaign_key <> -1
        and opportunities.opened_at >= campaigns.valid_from
        and opportunities.opened_at < campaigns.valid_to
