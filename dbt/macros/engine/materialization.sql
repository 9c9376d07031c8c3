{#
    How DuckDB makes a table or a view: in place, within a transaction, so that a model that fails leaves the former one. dbt's
    own way, which other engines keep, builds beside it and takes four more statements to rename and to drop.
#}
{% materialization table, adapter='duckdb' %}
    {%- set target = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks) }}
    {% do drop_other_kind(target) %}
    {%- call statement('main') -%}
        {%- if config.get('contract').enforced -%}
            {{ get_assert_columns_equivalent(sql) }}
            create or replace table {{ target }} {{ get_table_columns_and_constraints() }};
            insert into {{ target }} {{ get_column_names() }} ({{ get_select_subquery(sql) }});
        {%- else -%}
            create or replace table {{ target }} as ({{ sql }});
        {%- endif -%}
    {%- endcall -%}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb' %}
    {%- set target = this.incorporate(type='view') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks) }}
    {% do drop_other_kind(target) %}
    {%- call statement('main') -%}
        {%- if config.get('contract').enforced %}{{ get_assert_columns_equivalent(sql) }}{% endif %}
        create or replace view {{ target }} as ({{ sql }});
    {%- endcall -%}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{# Drop what has the name of a relation and is of another kind: a model may turn from a table into a view. #}
{% macro drop_other_kind(relation) %}
    {%- set former = load_cached_relation(relation) -%}
    {%- if former is not none and former.type != relation.type %}{% do adapter.drop_relation(former) %}{% endif -%}
{% endmacro %}

{#
    A contract is asked when a table is built whole: a daily run has the same models, and they give the same columns.
#}
{% macro duckdb__get_assert_columns_equivalent(sql) %}
    {%- if not is_daily_run() %}{{ return(assert_columns_equivalent(sql)) }}{% endif -%}
{% endmacro %}

{#
    Where a run brings a table up to date it remembers the keys of the rows that it writes, whatever the way: tests ask these
    rows and no others, and the next version of the published file takes them. What a run takes away is found by counting.
#}
{% macro duckdb__get_incremental_append_sql(arguments) %}
    {{ remember_written(arguments) }}
    {{ default__get_incremental_append_sql(arguments) }}
{% endmacro %}

{% macro duckdb__get_incremental_delete_insert_sql(arguments) %}
    {{ remember_written(arguments) }}
    {{ default__get_incremental_delete_insert_sql(arguments) }}
{% endmacro %}

{% macro remember_written(arguments) %}
    {%- set keys = arguments['unique_key'] -%}
    {%- if keys -%}
        create or replace table {{ written(this) }} as
        select {{ ([keys] if keys is string else keys) | join(', ') }} from {{ arguments['temp_relation'] }};
    {%- endif -%}
{% endmacro %}

{# Where these keys are kept. #}
{% macro written(relation) -%}staging.{{ relation.identifier }}__written{%- endmacro %}
