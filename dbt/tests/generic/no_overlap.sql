{# The intervals of one thing never overlap, and none is empty or runs backwards. #}
{% test no_overlap(model, by, valid_from='valid_from', valid_to='valid_to') %}

select *
from (
    select
        {{ by | join(', ') }},
        {{ valid_from }} as starts,
        {{ valid_to }} as ends,
        lead({{ valid_from }}) over (partition by {{ by | join(', ') }} order by {{ valid_from }}) as next_starts
    from {{ model }}
) as version
where version.ends <= version.starts or version.next_starts < version.ends

{% endtest %}
