-- Each fact points to the version of its customer, product, campaign or segment that was in force when it happened, and
-- that customer is its own. Asked of all facts at once, so that the versions are looked up in one table.
{%- set moments = {
    'fct_order_line': 'ordered_at', 'fct_return': 'returned_at', 'fct_loyalty_entry': 'occurred_at',
    'fct_touchpoint': 'occurred_at', 'fct_web_event': 'occurred_at', 'fct_web_session': 'started_at',
    'fct_campaign_contact': 'sent_at', 'fct_service_case': 'opened_at', 'fct_opportunity': 'opened_at',
    'fct_device_signal': 'occurred_at', 'fct_social_post': 'posted_at', 'fct_consent': 'valid_from'
} %}
{%- set pointing = {
    'customer': moments.keys() | list,
    'product': ['fct_order_line', 'fct_return', 'fct_web_event', 'fct_service_case', 'fct_device_signal'],
    'campaign': [
        'fct_order_line', 'fct_touchpoint', 'fct_web_event', 'fct_web_session', 'fct_campaign_contact', 'fct_opportunity'
    ]
} %}

{% for entity, facts in pointing.items() -%}
    select
        fact.fact,
        count(*) as wrong_count
    from (
        {% for fact in facts -%}
            select
                '{{ fact }} by {{ entity }}' as fact,
                {{ entity }}_key,
                {% if entity == 'customer' %}customer_id,{% endif %}
                {{ moments[fact] }} as happened_at
            from {{ ref(fact) }}
            {% if not loop.last %}union all{% endif %}
        {% endfor -%}
    ) as fact
    inner join {{ ref('dim_' ~ entity) }} as versions on fact.{{ entity }}_key = versions.{{ entity }}_key
    where
        fact.happened_at < versions.valid_from
        or fact.happened_at >= versions.valid_to
        {% if entity == 'customer' %}or fact.customer_id <> versions.customer_id{% endif %}
    group by fact.fact
    union all
{% endfor -%}
select
    'fct_segment_membership by segment' as fact,
    count(*) as wrong_count
from {{ ref('fct_segment_membership') }} as fact
inner join {{ ref('dim_segment') }} as versions on fact.segment_key = versions.segment_key
where
    fact.segment_name <> versions.segment_name
    or {{ start_of_day('fact.entered_on') }} < versions.valid_from
    or {{ start_of_day('fact.entered_on') }} >= versions.valid_to
having count(*) > 0
