-- No fact is lost or doubled: each has as many rows as what it was made from.
{%- set sources = {
    'fct_order_line': 'stg_order_lines',
    'fct_return': 'stg_returns',
    'fct_loyalty_entry': 'stg_loyalty_entries',
    'fct_web_event': 'stg_web_events',
    'fct_campaign_contact': 'stg_campaign_contacts',
    'fct_service_case': 'stg_service_cases',
    'fct_opportunity': 'int_opportunity__staged',
    'fct_social_post': 'stg_social_posts',
    'fct_social_follow': 'stg_social_follows',
    'fct_consent': 'int_consent__intervals',
    'fct_market_benchmark': 'stg_market_benchmarks',
    'fct_device_signal': 'stg_device_signals'
} %}

with counted as (
    {% for fact, source in sources.items() -%}
        select
            '{{ fact }}' as fact,
            (select count(*) from {{ ref(source) }}) as source_row_count,
            (select count(*) from {{ ref(fact) }}) as fact_row_count
        {% if not loop.last %}union all{% endif %}
    {% endfor -%}
)

select
    fact,
    source_row_count,
    fact_row_count
from counted
where source_row_count <> fact_row_count
