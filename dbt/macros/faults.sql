{# Rows of a table that are at fault, for the test `sound_columns`: a query each. #}

{#
    Columns of the rows that a test has to look at in a daily run after one whose tests held, of a table that is brought up to
    date: of those that the run has written.
#}
{% macro rows_written(model, keys, columns) %}
    select {% for column in columns %}told.{{ column }}{% if not loop.last %}, {% endif %}{% endfor %}
    from ({{ stored_rows_of(written(model), model, keys) }}) as told
{% endmacro %}

{#
    By which columns, apart by a space, a run remembers what it has written to a table, where nothing else of it needs to be
    asked.
#}
{% macro keys_written(model) -%}
    {%- if execute and var('asks_written') -%}
        {%- set config = graph.nodes.get('model.stella.' ~ model.identifier, {}).get('config', {}) -%}
        {%- if config.get('materialized') == 'incremental' -%}
            {%- set keys = config.get('unique_key') or [] -%}
            {{ keys if keys is string else keys | join(' ') }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{#
    What several rows share; with `known`, a column, only where it has a value. A row that was written may share it with one
    that was not: with `keys`, those written are `asked`, and what they share is looked for in all.
#}
{% macro repeated_rows(model, columns, known, keys) %}
    select {% for column in columns %}told.{{ column }}{% if not loop.last %}, {% endif %}{% endfor %}
    from {{ model }} as told
    {% if keys -%}
        inner join (
            select distinct {{ columns | join(', ') }}
            from {{ written(model) if columns | sort == keys | sort else 'asked' }}
        ) as asked
            on
                {% for column in columns -%}
                    told.{{ column }} {{ '=' if known else 'is not distinct from' }} asked.{{ column }}
                    {% if not loop.last %}and {% endif %}
                {%- endfor %}
    {%- elif known -%}
        where {{ known }} is not null
    {%- endif %}
    group by {% for column in columns %}told.{{ column }}{% if not loop.last %}, {% endif %}{% endfor %}
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

{# With `keys`, only the versions of things of which one was written: they are `asked`. #}
{% macro rows_that_overlap(model, by, keys) %}
    select version.starts
    from (
        select
            valid_from as starts,
            valid_to as ends,
            lead(valid_from) over (partition by {{ by }} order by valid_from) as next_starts
        from {{ model }}
        {% if keys %}where ({{ by }}) in (select {{ by }} from asked){% endif %}
    ) as version
    where version.ends <= version.starts or version.next_starts < version.ends
{% endmacro %}

{% macro things_without_one_current(model, by) %}
    select {{ by }}
    from {{ model }}
    group by {{ by }}
    having sum(case when is_current then 1 else 0 end) <> 1
{% endmacro %}
