-- Whole years around everything that happened and is planned; a date outside 1900 to 2199 is a slip of the pen.
with happened as (
    {% for feed, column in [
        ('order_lines', 'ordered_at'), ('returns', 'returned_at'), ('loyalty_entries', 'occurred_at'),
        ('opportunity_stages', 'entered_at'), ('web_events', 'occurred_at'), ('contacts', 'occurred_at'),
        ('campaign_contacts', 'sent_at'), ('campaign_responses', 'responded_at'), ('service_cases', 'opened_at'),
        ('social_posts', 'posted_at'), ('social_follows', 'followed_at'), ('device_signals', 'occurred_at'),
        ('customers', 'registered_at'), ('leads', 'created_at')
    ] -%}
        select
            {{ local_date('min(' ~ column ~ ')') }} as first_day,
            {{ local_date('max(' ~ column ~ ')') }} as last_day
        from {{ ref('stg_' ~ feed) }}
        union all
    {% endfor -%}
    select
        min(starts_on) as first_day,
        max(ends_on) as last_day
    from {{ ref('stg_campaigns') }}
    union all
    select
        min(period_start) as first_day,
        max(period_start) as last_day
    from {{ ref('stg_market_benchmarks') }}
    union all
    select
        {{ add_days(as_of_date(), -731) }} as first_day,
        {{ add_days(as_of_date(), 731) }} as last_day
)

select
    {{ year_start("greatest(min(first_day), date '1900-01-01')") }} as first_day,
    {{ add_days(year_start(add_days(year_start("least(max(last_day), date '2199-12-31')"), 366)), -1) }} as last_day
from happened
