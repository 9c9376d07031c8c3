{# Rows of a table that are at fault, for the test `sound_columns`: a query each. #}

{#
    The rows that a test has to look at: in a daily run after one whose tests held, of a table that is brought up to date, those
    that the run has written; else all.
#}
{% macro rows_to_ask(model) -%}
    {%- set keys = keys_written(model) | trim -%}
    {%- if keys -%}
        (
            select told.*
            from {{ model }} as told
            where ({{ keys }}) in (select {{ keys }} from {{ written(model) }})
        )
    {%- else -%}
        {{ model }}
    {%- endif -%}
{%- endmacro %}

{# By which columns a run remembers what it has written to a table, where nothing else of it needs to be asked. #}
{% macro keys_written(model) -%}
    {%- if execute and var('asks_written') -%}
        {%- set config = graph.nodes.get('model.stella.' ~ model.identifier, {}).get('config', {}) -%}
        {%- if config.get('materialized') == 'incremental' -%}
            {%- set keys = config.get('unique_key') or [] -%}
            {{ keys if keys is string else keys | join(', ') }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{#
    What several rows share; with `known`, a column, only where it has a value. A row that was written may share it with one
    that was not.
#}
{% macro repeated_rows(model, columns, known) %}
    select {{ columns | join(', ') }}
    from {{ model }} as told
    {% if keys_written(model) | trim -%}
        where exists (
            select 1
            from {{ rows_to_ask(model) }} as asked
            where
                {% for column in columns -%}
                    told.{{ column }} is not distinct from asked.{{ column }}
                    {% if not loop.last %}and {% endif %}
                {%- endfor %}
        )
        {%- if known %} and {{ known }} is not null{% endif %}
    {%- elif known -%}
        where {{ known }} is not null
    {%- endif %}
    group by {{ columns | join(', ') }}
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
