{# Rows of a table that are at fault, for the test `sound_columns`: a query each. #}

{# What several rows share; with `known`, a column, only where it has a value. #}
{% macro repeated_rows(model, columns, known) %}
    select {{ columns }}
    from {{ model }}
    {% if known %}where {{ known }} is not null{% endif %}
    group by {{ columns }}
    having count(*) > 1
{% endmacro %}

{% macro rows_of_other_values(model, column, accepted) %}
    select {{ column }}
    from {{ model }}
    where {{ column }} not in ('{{ accepted | join("', '") }}')
{% endmacro %}

{% macro rows_out_of_range(model, column, bounds) %}
    select {{ column }}
    from {{ model }}
    where {{ column }} < {{ bounds[0] }}{% if bounds | length > 1 %} or {{ column }} > {{ bounds[1] }}{% endif %}
{% endmacro %}

{# One row where the dimension has no row for 'unknown', or several. #}
{% macro no_unknown_member(model, key) %}
    select count(*) as unknown_count
    from {{ model }}
    where {{ key }} = -1
    having count(*) <> 1
{% endmacro %}

{% macro rows_beside_a_gap(model, by) %}
    select version.starts
    from (
        select
            valid_from as starts,
            valid_to as ends,
            lag(valid_to) over (partition by {{ by }} order by valid_from) as previous_ends,
            lead(valid_from) over (partition by {{ by }} order by valid_from) as next_starts
        from {{ model }}
    ) as version
    where
        version.starts <> coalesce(version.previous_ends, {{ beginning_of_time() }})
        or version.ends <> coalesce(version.next_starts, {{ end_of_time() }})
{% endmacro %}

{% macro rows_that_overlap(model, by) %}
    select version.starts
    from (
        select
            valid_from as starts,
            valid_to as ends,
            lead(valid_from) over (partition by {{ by }} order by valid_from) as next_starts
        from {{ model }}
    ) as version
    where version.ends <= version.starts or version.next_starts < version.ends
{% endmacro %}

{% macro things_without_one_current(model, by) %}
    select {{ by }}
    from {{ model }}
    group by {{ by }}
    having sum(case when is_current then 1 else 0 end) <> 1
{% endmacro %}
