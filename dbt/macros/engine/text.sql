{# Text functions that engines spell differently. #}

{# The path of a web address in lower case, without scheme, host, query, fragment and last slash; `/` at home. #}
{% macro url_path(column) -%}{{ adapter.dispatch('url_path')(column) }}{%- endmacro %}
{% macro default__url_path(column) -%}
    case
        when {{ column }} is not null
            then coalesce(nullif(rtrim(
                regexp_replace(lower(split_part(split_part({{ column }}, '?', 1), '#', 1)), '^([a-z]+:)?//[^/]*', ''),
                '/'
            ), ''), '/')
    end
{%- endmacro %}
{% macro spark__url_path(column) -%}
    case
        when {{ column }} is not null
            then coalesce(nullif(regexp_replace(
                lower(substring_index(substring_index({{ column }}, '?', 1), '#', 1)), '^([a-z]+:)?//[^/]*|/+$', ''
            ), ''), '/')
    end
{%- endmacro %}

{# Letters and digits alone, in lower case and without accents: what two spellings of one name or street share. #}
{% macro match_text(column) -%}{{ adapter.dispatch('match_text')(column) }}{%- endmacro %}
{% macro duckdb__match_text(column) -%}
    nullif(regexp_replace(lower(strip_accents({{ column }})), '[^\p{L}\p{N}]+', '', 'g'), '')
{%- endmacro %}
{% macro default__match_text(column) -%}
    nullif(regexp_replace(lower(unaccent({{ column }})), '[^[:alnum:]]+', '', 'g'), '')
{%- endmacro %}
{% macro spark__match_text(column) -%}
    nullif(regexp_replace(
        lower(translate({{ column }}, 'àáâãäåçèéêëìíîïñòóôõöùúûüýÿ', 'aaaaaaceeeeiiiinooooouuuuyy')), '[^\\p{L}\\p{N}]+', ''
    ), '')
{%- endmacro %}
