{#
    How DuckDB makes a table or a view, or brings a table up to date: in place, within a transaction, so that a model that
    fails leaves the former one. dbt's own way, which other engines keep, builds beside it and takes four more statements to
    rename and to drop; of a table brought up to date it asks for the columns three times.
#}
{% materialization table, adapter='duckdb' %}
    {%- set target = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks) }}
    {% do drop_other_kind(target) %}
    {% call statement('main') %}{{ table_made_anew(target, sql) }}{% endcall %}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{#
    A table brought up to date: new rows take the place of those with the same `unique_key`, or with `append` join them. Nobody
    looks for columns that a model won: a model that changes is built whole.
#}
{% materialization incremental, adapter='duckdb' %}
    {%- set target = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks) }}
    {% do drop_other_kind(target) %}
    {%- call statement('main') -%}
        {%- if is_incremental() -%}
            {%- set arrived = this.identifier ~ '__arrived' -%}
            {%- set keys = config.get('unique_key') or [] -%}
            {%- set keys = [keys] if keys is string else keys -%}
            create or replace temporary table {{ arrived }} as ({{ sql }});
            {{ remember_written(keys, arrived) }}
            {%- if keys and config.get('incremental_strategy') != 'append' %}
            delete from {{ target }} as former
            using {{ arrived }} as arrived
            where {{ same_key('former', 'arrived', keys) }};
            {%- endif %}
            insert into {{ target }} by name (select * from {{ arrived }});
            drop table {{ arrived }};
        {%- else -%}
            {{ table_made_anew(target, sql) }}
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

{% macro table_made_anew(target, sql) %}
    {%- if config.get('contract').enforced -%}
        {{ get_assert_columns_equivalent(sql) }}
        create or replace table {{ target }} {{ get_table_columns_and_constraints() }};
        insert into {{ target }} {{ get_column_names() }} ({{ get_select_subquery(sql) }});
    {%- else -%}
        create or replace table {{ target }} as ({{ sql }});
    {%- endif -%}
{% endmacro %}

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
{% macro remember_written(keys, arrived) %}
    {%- if keys -%}
        create or replace table {{ written(this) }} as
        select {{ keys | join(', ') }} from {{ arrived }};
    {%- endif -%}
{% endmacro %}

{# Where these keys are kept. #}
{% macro written(relation) -%}staging.{{ relation.identifier }}__written{%- endmacro %}
