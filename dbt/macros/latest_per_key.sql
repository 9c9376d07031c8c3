{#
    The newest row of each key: later `updated_at`, then later load, file, line.
    Nearly every key has one row, so the wide rows are ranked only where a narrow count found several.
    Gives every column of the relation and `_recency`, which is 1.
#}
{% macro latest_per_key(relation, keys, updated_at=none) %}
    select
        newest.*,
        1 as _recency
    from {{ relation }} as newest
    left join {{ repeated_keys(relation, keys) }} as repeated
        on {{ same_key('newest', 'repeated', keys) }}
    where repeated.{{ keys[0] }} is null
    union all
    select ranked.*
    from (
        select
            candidate.*,
            row_number() over (
                partition by {% for key in keys %}candidate.{{ key }}{% if not loop.last %}, {% endif %}{% endfor %}
                order by
                    {% if updated_at %}candidate.{{ updated_at }} desc nulls last,{% endif %}
                    candidate._loaded_at desc, candidate._file desc, candidate._line desc
            ) as _recency
        from {{ relation }} as candidate
        inner join {{ repeated_keys(relation, keys) }} as repeated
            on {{ same_key('candidate', 'repeated', keys) }}
    ) as ranked
    where ranked._recency = 1
{% endmacro %}

{% macro repeated_keys(relation, keys) -%}
    (select {{ keys | join(', ') }} from {{ relation }} group by {{ keys | join(', ') }} having count(*) > 1)
{%- endmacro %}

{% macro same_key(left, right, keys) -%}
    {% for key in keys %}{{ left }}.{{ key }} = {{ right }}.{{ key }}{% if not loop.last %} and {% endif %}{% endfor %}
{%- endmacro %}
