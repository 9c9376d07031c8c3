{# The versions of one thing follow each other without a gap or an overlap, from the beginning of time to its end. #}
{% test no_gap(model, by, valid_from='valid_from', valid_to='valid_to') %}

select *
from (
    select
        {{ by | join(', ') }},
        {{ valid_from }} as starts,
        {{ valid_to }} as ends,
        lag({{ valid_to }}) over (partition by {{ by | join(', ') }} order by {{ valid_from }}) as previous_ends,
        lead({{ valid_from }}) over (partition by {{ by | join(', ') }} order by {{ valid_from }}) as next_starts
    from {{ model }}
) as version
where
    version.starts <> coalesce(version.previous_ends, {{ beginning_of_time() }})
    or version.ends <> coalesce(version.next_starts, {{ end_of_time() }})

{% endtest %}
