{#
    One row of figures on a feed as it stands in `raw` and `quarantine`: how many rows, how much money, and how much of it
    was replaced by a newer row of the same key. Only repeated keys are ranked.
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
    cross join (
        select count(*) as row_count, coalesce(sum(amount), 0) as amount
        from (
            select
                {{ money }} as amount,
                row_number() over (
                    partition by {% for key in keys %}landed.{{ key }}{% if not loop.last %}, {% endif %}{% endfor %}
                    order by
                        {% if updated_at %}landed.{{ updated_at }} desc nulls last,{% endif %}
                        landed._loaded_at desc, landed._file desc, landed._line desc
                ) as recency
            from {{ landed }} as landed
            inner join {{ repeated_keys(landed, keys) }} as repeated on {{ same_key('repeated', 'landed', keys) }}
        ) as ranked
        where ranked.recency > 1
    ) as replaced
{%- endmacro %}
