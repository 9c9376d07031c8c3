{#
    The references that feeds make to one thing, to be united with those that the thing's own feed knows. Each feed is
    its name, or a pair of its name and the column there.
#}
{% macro referenced_in(feeds, column) -%}
    {%- for feed in feeds %}
        {%- set name, reference = (feed, column) if feed is string else feed %}
        union
        select {{ reference }} as {{ column }}
        from {{ ref('stg_' ~ name) }}
        where {{ reference }} is not null
    {%- endfor %}
{%- endmacro %}

{# The feeds that mention orders of the feed of order lines. #}
{% macro feeds_that_mention_orders() %}
    {{- return([
        'returns', 'loyalty_entries', 'opportunity_stages', 'service_cases', 'campaign_responses', 'web_events'
    ]) -}}
{% endmacro %}
