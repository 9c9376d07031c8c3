{#
    Tables that a daily run does not build anew but brings up to date: rows of the keys that something new was said about
    are made again and take the place of the old ones. Whether a run is a daily one is decided before it starts; the
    moment `loaded_after` then parts the rows of `raw` that the table knows from those that are new to it.
#}

{# Whether this run brings tables up to date. #}
{% macro is_daily_run() %}{{ return(var('loaded_after') is not none) }}{% endmacro %}

{# Whether this table is brought up to date; else it is built whole. #}
{% macro is_daily() %}{{ return(is_daily_run() and is_incremental()) }}{% endmacro %}

{# The moment after which a row of `raw` is new to this run. #}
{% macro loaded_after() -%}cast('{{ var("loaded_after") }}' as {{ type_timestamp() }}){%- endmacro %}

{# Whether a row is new to this run; none is in a whole build. #}
{% macro is_new(loaded_at='_loaded_at') -%}
    {% if is_daily_run() %}{{ loaded_at }} > {{ loaded_after() }}{% else %}false{% endif %}
{%- endmacro %}

{#
    The newest row of each key of a feed, as `latest_per_key` finds it; in a daily run, of the keys touched: those of new
    rows and, for a table that names with `rated_on` the day of its rate, those whose rate is no longer what it was.
#}
{% macro newest_of(feed, keys, updated_at=none, rated_on=none) %}
    {%- if is_daily() %}
    with touched as (
        select {{ keys | join(', ') }}
        from {{ source('raw', feed) }}
        where _loaded_at > {{ loaded_after() }}
        {%- if rated_on %}
        union distinct
        select {% for key in keys %}staged.{{ key }}{% if not loop.last %}, {% endif %}{% endfor %}
        from {{ this }} as staged
        where {{ is_among(['staged.currency_code', 'staged.' ~ rated_on], changed_rates(), ['currency_code', 'rate_date']) }}
        {%- endif %}
    ),

    arrived as (
        {{ stored_rows_of('touched', source('raw', feed), keys) }}
    )

    {{ latest_per_key('arrived', keys, updated_at) }}
    {%- else %}
    {{ latest_per_key(source('raw', feed), keys, updated_at) }}
    {%- endif %}
{% endmacro %}

{#
    In a daily run, only the rows of a relation whose key a row has that is new to it. For a feed whose key is brought into
    a normal form first: the key is given as that form, and all that was ever said under it is ranked again.
#}
{% macro where_new(relation, keys) %}
    {%- if is_daily() -%}
        where ({{ keys | join(', ') }}) in (
            select {{ keys | join(', ') }}
            from {{ relation }}
            where {{ is_new() }}
        )
    {%- endif -%}
{% endmacro %}

{#
    The newest row of each key of a relation, as `latest_per_key` finds it; in a daily run, of the things that a relation
    `touched` names by columns of the key.
#}
{% macro latest_of_touched(relation, keys, touched, things) %}
    {%- if is_daily() %}
    with told as (
        {{ rows_of(touched, relation, things) }}
    )

    {{ latest_per_key('told', keys) }}
    {%- else %}
    {{ latest_per_key(relation, keys) }}
    {%- endif %}
{% endmacro %}

{#
    Keeps some columns of a table that is about to be changed, so that `changed_in` can tell what became of its rows. With
    `whole`, a number beside a key stands for all the other columns. With `touched`, only the rows that are about to be
    made again are kept, those whose column `by` is in that relation. To be called before the model, in `pre_hook`.
#}
{% macro keep_former(columns, whole=false, touched=none, by=none) %}
    {%- if is_daily_run() -%}
        create or replace table {{ former(this) }} as
        {{ compared_columns(this, columns, whole, touched, by) }}
    {%- endif -%}
{% endmacro %}

{# Where these columns are kept: out of what is published, and dropped with what is built anew. #}
{% macro former(relation) -%}staging.{{ relation.identifier }}__former{%- endmacro %}

{# What is compared of a table. #}
{% macro compared_columns(relation, columns, whole, touched, by) %}
    select
        {{ columns | join(', ') }}
        {%- if whole %}, {{ row_fingerprint('compared') }} as fingerprint{% endif %}
    from
        {% if touched %}({{ stored_rows_of(touched, relation, [by]) }}){% else %}{{ relation }}{% endif %} as compared
{% endmacro %}

{#
    Things of which a table lost or won a row since the last run, by the columns that it keeps; none in a whole build. What
    it keeps whole, or of what is touched only, is said here as it is there.
#}
{% macro changed_in(relation, columns, keys, whole=false, touched=none, by=none) -%}
    {%- if is_daily_run() -%}
    {%- set kept = columns + ['fingerprint'] if whole else columns -%}
    (
        select distinct {{ keys | join(', ') }}
        from (
            (
                select {{ kept | join(', ') }} from {{ former(relation) }}
                except
                {{ compared_columns(relation, columns, whole, touched, by) }}
            )
            union all
            (
                {{ compared_columns(relation, columns, whole, touched, by) }}
                except
                select {{ kept | join(', ') }} from {{ former(relation) }}
            )
        ) as changed
    )
    {%- else -%}
    (select {{ columns | join(', ') }} from {{ relation }} where false)
    {%- endif -%}
{%- endmacro %}

{# Things of a dimension of versions of which a version is another. #}
{% macro changed_versions(thing) -%}
    {{ changed_in(ref('dim_' ~ thing), version_columns(thing), [version_columns(thing)[1]]) }}
{%- endmacro %}

{# References to orders that mean another order. #}
{% macro changed_order_references() -%}
    {{ changed_in(
        ref('int_order_reference__resolved'), ['source_system', 'order_ref', 'order_key'], ['source_system', 'order_ref'],
        touched=ref('int_order_reference__touched'), by='order_ref'
    ) }}
{%- endmacro %}

{# Currencies and days that have another rate. #}
{% macro changed_rates() -%}
    {{ changed_in(
        ref('stg_exchange_rates__filled'), ['currency_code', 'rate_date', 'rate_to_home'], ['currency_code', 'rate_date']
    ) }}
{%- endmacro %}

{# Identifiers about whose owner the belief has changed since the last run; none in a whole build. #}
{% macro changed_identifiers() %}
    select distinct
        identifier_kind,
        source_system,
        identifier
    from {{ source('ledger', 'identity_ledger') }}
    where {{ is_new('greatest(believed_from, believed_to)') }}
{% endmacro %}

{# Everything that was ever said in a column under the keys of a feed's new rows; nothing in a whole build. #}
{% macro touched_by(feed, keys, column) %}
    select distinct told.{{ column }}
    from {{ source('raw', feed) }} as told
    inner join (
        select distinct {{ keys | join(', ') }}
        from {{ source('raw', feed) }}
        where {{ is_new() }}
    ) as touched
        on {{ same_key('touched', 'told', keys) }}
    where told.{{ column }} is not null
{% endmacro %}

{# How `rows_found` finds what is new to this run. #}
{% macro by_news() -%}where {{ is_new('told._loaded_at') }}{%- endmacro %}

{# How it finds rows whose column (or columns) are among those of a relation, which may have other names there. #}
{% macro by_any(columns, touched, names=none) -%}where {{ is_among(columns, touched, names) }}{%- endmacro %}

{#
    How it finds what points to a customer or another version of him now: rows that name, in these columns, somebody of
    `touched`, at a moment from which he is another. What happened before keeps its version.
#}
{% macro by_customer(moment, columns, touched, names=none) -%}
    inner join {{ touched }} as named
        on
            {% for column in columns -%}
                told.{{ column }} = named.{{ (names or columns)[loop.index0] }} and{{ ' ' }}
            {%- endfor -%}
            told.{{ moment }} >= named.touched_since
{%- endmacro %}

{# The rows of a table of which only those touched are made again in a daily run; all where it is built whole. #}
{% macro touched_rows(relation, columns, touched) -%}
    {%- if is_daily() %}{{ stored_rows_of(touched, relation, columns) }}{% else %}select * from {{ relation }}{% endif -%}
{%- endmacro %}

{# In a daily run, only the rows whose column (or columns, a list) are in those of a table of what is touched. #}
{% macro where_touched(columns, touched) %}
    {%- if is_daily() -%}where {{ is_among(columns, touched) }}{%- endif -%}
{% endmacro %}

{# Whether a column (or columns, a list) is among those of a table, which may have other names there. #}
{% macro is_among(columns, touched, names=none) -%}
    {%- set columns = [columns] if columns is string else columns -%}
    ({{ columns | join(', ') }}) in (
        select {% for column in names or columns %}touched.{{ column }}{% if not loop.last %}, {% endif %}{% endfor %}
        from {{ touched }} as touched
    )
{%- endmacro %}

{# The columns by which a fact finds the version of a thing in force at its time. #}
{% macro version_columns(thing) %}
    {{- return([thing ~ '_key', 'customer_id' if thing == 'customer' else thing ~ '_ref', 'valid_from', 'valid_to']) -}}
{% endmacro %}

{# The columns of a product by which a line finds what it cost. #}
{% macro cost_columns() %}{{ return(['currency_code', 'unit_cost_amount', 'unit_cost_amount_original']) }}{% endmacro %}

{#
    Takes out of a table what a daily run makes again, where the new rows may have fewer keys than the old ones: what is
    touched may have nothing left. To be called before the model, in `pre_hook`; its rows are then added.
#}
{% macro forget_touched(column, touched) %}
    {%- if is_daily() -%}
        delete from {{ this }}
        where {{ column }} in (select touched.{{ column }} from {{ touched }} as touched)
    {%- endif -%}
{% endmacro %}
