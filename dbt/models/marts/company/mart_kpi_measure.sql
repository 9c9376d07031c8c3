-- The value of each figure of the catalogue in each month; null where nothing was there to measure.
with months as (
    select * from {{ ref('mart_business_month') }}
    where
        order_count + case_count + visit_count + inbound_contact_count + outbound_contact_count > 0
),

measured as (
    select
        kpis.kpi_code,
        months.month_start_date,
        months.is_complete,
        case kpis.kpi_code
            when 'net_revenue' then months.net_amount
            when 'gross_margin_share' then months.margin_amount / nullif(months.costed_net_amount, 0)
            when 'order_count' then months.order_count
            when 'average_order_value' then months.net_amount / nullif(months.order_count, 0)
            when 'ordering_customers' then months.ordering_customer_count
            when 'new_customers' then months.new_customer_count
            when 'repeat_customer_share'
                then 1.0 - {{ share_of('months.new_customer_count', 'months.ordering_customer_count') }}
            when 'refund_share' then months.refund_amount / nullif(months.net_amount, 0)
            when 'churn_share'
                then {{ share_of('months.silenced_customer_count', 'months.awake_customer_count') }}
            when 'campaign_response_share'
                then {{ share_of('months.responded_count', 'months.campaign_contact_count') }}
            when 'contact_cost_share' then months.contact_cost_amount / nullif(months.net_amount, 0)
            when 'visit_conversion_share'
                then {{ share_of('months.buying_visit_count', 'months.visit_count') }}
            when 'complaint_share' then {{ share_of('months.complaint_count', 'months.order_count') }}
            when 'first_response_hours' then months.first_response_hours
            when 'resolution_hours' then months.resolution_hours
            when 'satisfaction' then months.satisfaction_score
            when 'net_promoter_score' then months.net_promoter_score
        end as actual_value
    from {{ ref('kpi') }} as kpis
    cross join months
)

select
    kpi_code,
    month_start_date,
    is_complete,
    cast(actual_value as {{ type_double() }}) as actual_value
from measured
