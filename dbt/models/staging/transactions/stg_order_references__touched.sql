{{ config(materialized='ephemeral') }}

-- All that was ever said of the rows that new ones tell of: a corrected row may mention another order, or none.
{% for feed, keys in {
    'returns': ['source_system', 'return_ref', 'line_number'],
    'loyalty_entries': ['source_system', 'entry_ref'],
    'opportunity_stages': ['source_system', 'opportunity_ref', 'stage', 'entered_at'],
    'service_cases': ['source_system', 'case_ref'],
    'campaign_responses': ['response_ref'],
    'web_events': ['event_ref']
}.items() %}
    {{ touched_by(feed, keys, 'order_ref') }}
    {% if not loop.last %}union distinct{% endif %}
{% endfor %}
