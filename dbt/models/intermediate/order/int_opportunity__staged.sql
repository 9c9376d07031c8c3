-- An opportunity as its stages left it: what each stage says last counts; it is won or lost if its last stage is.
with entries as (
    select
        entries.*,
        reference.is_won,
        reference.is_lost,
        row_number() over (
            partition by entries.source_system, entries.opportunity_ref
            order by entries.entered_at desc, reference.position desc nulls last, entries.stage asc
        ) as recency
    from {{ ref('stg_opportunity_stages') }} as entries
    left join {{ ref('opportunity_stage') }} as reference on entries.stage = reference.stage_code
),

-- The last value given: the value of the least recency among the entries that give one.
givers as (
    select
        source_system,
        opportunity_ref,
        min(recency) as last_stage,
        min(case when customer_ref is not null then recency end) as last_customer,
        min(case when lead_ref is not null then recency end) as last_lead,
        min(case when amount_original is not null then recency end) as last_amount,
        min(case when agent_ref is not null then recency end) as last_agent,
        min(case when campaign_ref is not null then recency end) as last_campaign,
        min(case when order_ref is not null then recency end) as last_order
    from entries
    group by source_system, opportunity_ref
)

select
    entries.source_system,
    entries.opportunity_ref,
    max(case when entries.recency = givers.last_customer then entries.customer_ref end) as customer_ref,
    max(case when entries.recency = givers.last_lead then entries.lead_ref end) as lead_ref,
    max(case when entries.recency = givers.last_agent then entries.agent_ref end) as agent_ref,
    max(case when entries.recency = givers.last_campaign then entries.campaign_ref end) as campaign_ref,
    max(case when entries.recency = givers.last_order then entries.order_ref end) as order_ref,
    max(case when entries.recency = 1 then entries.stage end) as stage_code,
    count(distinct entries.stage) as stage_count,
    max(case when entries.recency = givers.last_amount then entries.currency_code end) as currency_code,
    max(case when entries.recency = givers.last_amount then entries.amount end) as opportunity_amount,
    max(case when entries.recency = givers.last_amount then entries.amount_original end) as opportunity_amount_original,
    min(entries.entered_at) as opened_at,
    max(entries.entered_at) as last_stage_at,
    max(case when entries.recency = 1 and entries.is_won then entries.entered_at end) as won_at,
    max(case when entries.recency = 1 and entries.is_lost then entries.entered_at end) as lost_at,
    max(entries._loaded_at) as _loaded_at
from entries
inner join givers
    on entries.source_system = givers.source_system and entries.opportunity_ref = givers.opportunity_ref
group by entries.source_system, entries.opportunity_ref
