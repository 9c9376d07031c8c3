{#
    The versions of each thing in a history of its rows: rows that change nothing are passed over, the first version
    holds from the beginning of time, each one until the next, the last until the end of time.
    The relation has one row per key and `effective_at`; so does the answer, without the rows passed over.
    A fingerprint stands for the attributes, so that no wide row goes through the window.
#}
{% macro version_intervals(relation, keys, attributes) %}
    select
        {{ keys | join(', ') }},
        effective_at,
        case
            when lag(effective_at) over (partition by {{ keys | join(', ') }} order by effective_at) is null
                then {{ beginning_of_time() }}
            else effective_at
        end as valid_from,
        coalesce(
            lead(effective_at) over (partition by {{ keys | join(', ') }} order by effective_at), {{ end_of_time() }}
        ) as valid_to
    from (
        select
            fingerprinted.*,
            lag(fingerprint) over (partition by {{ keys | join(', ') }} order by effective_at) as previous_fingerprint
        from (
            select
                {{ keys | join(', ') }},
                effective_at,
                {{ surrogate_key(attributes) }} as fingerprint
            from {{ relation }}
        ) as fingerprinted
    ) as compared
    where
        previous_fingerprint is null
        or previous_fingerprint <> fingerprint
{% endmacro %}

{# The key of a version: that of the thing and the moment from which the version holds. #}
{% macro version_key(reference, valid_from='valid_from') -%}
    {{ surrogate_key([reference, epoch_microseconds(valid_from)]) }}
{%- endmacro %}

{#
    Whether a version is the current one: the one in force at the end of the day that is built for. Of a historical company
    whose day nobody asked for it is the last one: its lists may be kept on long after its last event.
#}
{% macro is_current_version(valid_from, valid_to) -%}
    {%- if var('is_day_given') -%}
        {{ valid_from }} < {{ end_of_day() }} and {{ valid_to }} >= {{ end_of_day() }}
    {%- else -%}
        {{ valid_to }} = {{ end_of_time() }}
    {%- endif -%}
{%- endmacro %}

{#
    Takes out of a dimension of customers those of whom, with the day that is built for, another version is in force. To be
    called before the model, in `pre_hook`; their rows are then added.
#}
{% macro forget_other_versions_in_force() %}
    {%- if is_daily() -%}
        delete from {{ this }}
        where customer_id in (
            select moved.customer_id
            from {{ this }} as moved
            where moved.is_current <> ({{ is_current_version('moved.valid_from', 'moved.valid_to') }})
        )
    {%- endif -%}
{% endmacro %}

{# How much a source system is trusted when two records changed at the same moment: 1 is most. #}
{% macro source_trust(column) -%}
    case
        {%- for system in var('trusted_source_systems') %}
        when {{ column }} = '{{ system | replace("'", "''") }}' then {{ loop.index }}
        {%- endfor %}
        when {{ column }} is null then {{ var('trusted_source_systems') | length + 2 }}
        else {{ var('trusted_source_systems') | length + 1 }}
    end
{%- endmacro %}
