{# The 64-bit key of a thing: the first 15 hex digits of the MD5 of its reference, the same on every engine. #}
{% macro surrogate_key(columns) -%}{{ adapter.dispatch('surrogate_key')(columns) }}{%- endmacro %}

{% macro duckdb__surrogate_key(columns) -%}
    cast('0x' || substr(md5({{ key_text(columns) }}), 1, 15) as bigint)
{%- endmacro %}

{% macro default__surrogate_key(columns) -%}
    cast(('x' || substr(md5({{ key_text(columns) }}), 1, 15)) as bit(60))::bigint
{%- endmacro %}

{% macro spark__surrogate_key(columns) -%}
    cast(conv(substr(md5({{ key_text(columns) }}), 1, 15), 16, 10) as bigint)
{%- endmacro %}

{# The text that a key is made from: the columns as text, `|` between them, null as nothing. #}
{% macro key_text(columns) -%}
    concat(
        {%- for column in columns -%}
            coalesce(cast({{ column }} as {{ type_string() }}), ''){% if not loop.last %}, '|', {% endif %}
        {%- endfor -%}
    )
{%- endmacro %}

{# All columns of the rows of a group in one number, whatever their order; no two rows of it may be the same. #}
{% macro fingerprint(relation) -%}{{ adapter.dispatch('fingerprint')(relation) }}{%- endmacro %}
{# DuckDB joins the hashes of columns by XOR: those of rows would cancel each other out if not hashed again. #}
{% macro duckdb__fingerprint(relation) -%}bit_xor(hash(hash({{ relation }}))){%- endmacro %}
{% macro default__fingerprint(relation) -%}bit_xor(hashtextextended({{ relation }}::text, 0)){%- endmacro %}
{% macro spark__fingerprint(relation) -%}bit_xor(xxhash64({{ relation }}.*)){%- endmacro %}

{# All columns of a row in one number. #}
{% macro row_fingerprint(relation) -%}{{ adapter.dispatch('row_fingerprint')(relation) }}{%- endmacro %}
{% macro duckdb__row_fingerprint(relation) -%}hash({{ relation }}){%- endmacro %}
{% macro default__row_fingerprint(relation) -%}hashtextextended({{ relation }}::text, 0){%- endmacro %}
{% macro spark__row_fingerprint(relation) -%}xxhash64({{ relation }}.*){%- endmacro %}

{#
    Whether a row has one of the keys of `touched`. Asked with `exists`, DuckDB would first tell apart the keys of all rows.
#}
{% macro has_key_of(row, touched, keys) -%}
    ({% for key in keys %}{{ row }}.{{ key }}{% if not loop.last %}, {% endif %}{% endfor %}) in (
        select {% for key in keys %}named.{{ key }}{% if not loop.last %}, {% endif %}{% endfor %}
        from {{ touched }} as named
    )
{%- endmacro %}

{# The rows of a relation that have one of the keys of `touched`. #}
{% macro rows_of(touched, relation, keys) %}
    select landed.*
    from {{ relation }} as landed
    where {{ has_key_of('landed', touched, keys) }}
{% endmacro %}

{# The same, of a wide table. #}
{% macro stored_rows_of(touched, relation, keys) -%}
    {{ adapter.dispatch('stored_rows_of')(touched, relation, keys) }}
{%- endmacro %}
{% macro default__stored_rows_of(touched, relation, keys) -%}{{ rows_of(touched, relation, keys) }}{%- endmacro %}
{# DuckDB reads every column of every row before it looks for a key: so the keys are looked for first, by themselves. #}
{% macro duckdb__stored_rows_of(touched, relation, keys) %}
    select landed.*
    from {{ relation }} as landed
    where
        landed.rowid in (
            select sought.rowid
            from {{ relation }} as sought
            where {{ has_key_of('sought', touched, keys) }}
        )
{% endmacro %}

{#
    Columns of the rows of a table that one of several ways leads to: each is what follows on `from <table> as told`. The
    rows are told apart by these columns. An engine then reads for each way only what it asks of a row, and nothing where
    there is nobody to look for.
#}
{% macro rows_found(relation, columns, ways) %}
    select {% for column in columns %}found.{{ column }}{% if not loop.last %}, {% endif %}{% endfor %}
    from {{ relation }} as found
    where
        ({{ row_identity('found', columns) }}) in (
            {%- for way in ways %}
            select {{ row_identity('told', columns) }}
            from {{ relation }} as told
            {{ way }}
            {% if not loop.last %}union all{% endif %}
            {%- endfor %}
        )
{% endmacro %}

{# What tells the rows of a stored table apart: columns that do, or the place of a row where the engine knows it. #}
{% macro row_identity(table, columns) -%}{{ adapter.dispatch('row_identity')(table, columns) }}{%- endmacro %}
{% macro default__row_identity(table, columns) -%}
    {% for column in columns %}{{ table }}.{{ column }}{% if not loop.last %}, {% endif %}{% endfor %}
{%- endmacro %}
{% macro duckdb__row_identity(table, columns) -%}{{ table }}.rowid{%- endmacro %}
