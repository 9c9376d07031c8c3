{#
    One row of figures on a feed as it stands in `raw` and `quarantine`: how many rows, how much money, and how much of it
    was replaced by a newer row of the same key. Only repeated keys are ranked; in a daily run, only those of new rows: what
    is replaced now under them, less what was before, comes to what the last run counted.
#}
{% macro feed_balance(feed, keys, updated_at=none, amount=none) -%}
    {%- set landed = source('raw', feed) -%}
    {%- set money = 'landed.' ~ amount if amount else 'cast(0 as ' ~ type_money() ~ ')' -%}
    select
        '{{ feed }}' as feed,
        held.row_count as raw_row_count,
        held.amount as raw_amount,
        refused.row_count as quarantine_row_count,
        replaced.row_count as replaced_row_count,
        replaced.amount as replaced_amount
    from (select count(*) as row_count, sum({{ money }}) as amount from {{ landed }} as landed) as held
    cross join (select count(*) as row_count from {{ source('quarantine', feed) }}) as refused
    {%- if is_daily() %}
    cross join (
        with new_key as (
            select distinct {{ keys | join(', ') }} from {{ landed }} where {{ is_new() }}
        ),

        touched as (
            {{ stored_rows_of('new_key', landed, keys) }}
        ),

        known as (
            select * from touched where not {{ is_new() }}
        )

        select
            former.replaced_row_count + replaced_now.row_count - replaced_before.row_count as row_count,
            former.replaced_amount + replaced_now.amount - replaced_before.amount as amount
        from {{ this }} as former
        cross join ({{ replaced_rows('touched', keys, updated_at, money) }}) as replaced_now
        cross join ({{ replaced_rows('known', keys, updated_at, money) }}) as replaced_before
        where former.feed = '{{ feed }}'
    ) as replaced
    {%- else %}
    cross join ({{ replaced_rows(landed, keys, updated_at, money) }}) as replaced
    {%- endif %}
{%- endmacro %}

{# How many rows of a relation are replaced by a newer one of the same key, and the money on them. #}
{% macro replaced_rows(relation, keys, updated_at, money) %}
    select
        count(*) as row_count,
        coalesce(sum(amount), 0) as amount
    from (
        select
            {{ money }} as amount,
            row_number() over (
                partition by {% for key in keys %}landed.{{ key }}{% if not loop.last %}, {% endif %}{% endfor %}
                order by
                    {% if updated_at %}landed.{{ updated_at }} desc nulls last,{% endif %}
                    landed._loaded_at desc, landed._file desc, landed._line desc
            ) as recency
        from {{ relation }} as landed
        inner join {{ repeated_keys(relation, keys) }} as repeated on {{ same_key('repeated', 'landed', keys) }}
    ) as ranked
    where ranked.recency > 1
{% endmacro %}
