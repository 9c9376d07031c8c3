{# One figure of the reconciliation: rows and money of a relation, under a feed and a name. #}
{% macro reconciled(feed, figure, relation, row_count, amount, condition='true') -%}
    select
        '{{ feed }}' as feed,
        '{{ figure }}' as figure,
        cast({{ row_count }} as bigint) as row_count,
        cast(coalesce({{ amount }}, 0) as decimal(38, 4)) as amount
    from {{ relation }}
    where {{ condition }}
{%- endmacro %}
