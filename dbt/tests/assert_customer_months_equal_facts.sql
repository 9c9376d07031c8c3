-- The months of all customers, the unknown one included, add up to the facts before the day that is built for.
with months as (
    select
        coalesce(sum(line_count), 0) as line_count,
        coalesce(sum(net_amount), 0) as net_amount,
        coalesce(sum(refund_amount), 0) as refund_amount,
        coalesce(sum(contact_count), 0) as contact_count,
        coalesce(sum(case_count), 0) as case_count,
        coalesce(sum(visit_count), 0) as visit_count
    from {{ ref('fct_customer_month') }}
),

facts as (
    select
        (
            select count(*) from {{ ref('fct_order_line') }}
            where not is_cancelled and ordered_at < {{ as_of_at() }}
        ) as line_count,
        (
            select coalesce(sum(net_amount), 0)
            from {{ ref('fct_order_line') }}
            where not is_cancelled and ordered_at < {{ as_of_at() }}
        ) as net_amount,
        (
            select coalesce(sum(refund_amount), 0) from {{ ref('fct_return') }}
            where returned_at < {{ as_of_at() }}
        ) as refund_amount,
        (
            select count(*)
            from {{ ref('fct_touchpoint') }}
            where touchpoint_kind in ('contact', 'campaign_contact') and occurred_at < {{ as_of_at() }}
        ) as contact_count,
        (
            select count(*) from {{ ref('fct_service_case') }}
            where opened_at < {{ as_of_at() }}
        ) as case_count,
        (
            select count(*) from {{ ref('fct_web_session') }}
            where started_at < {{ as_of_at() }}
        ) as visit_count
)

select
    months.*,
    facts.*
from months
cross join facts
where
    months.line_count <> facts.line_count
    or months.net_amount <> facts.net_amount
    or months.refund_amount <> facts.refund_amount
    or months.contact_count <> facts.contact_count
    or months.case_count <> facts.case_count
    or months.visit_count <> facts.visit_count
