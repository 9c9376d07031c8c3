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

{# A text in lower case, without accents, blanks and punctuation: what two spellings of one name or street share. #}
{% macro match_text(column) -%}
    nullif(translate(lower({{ adapter.dispatch('without_accents')(column) }}), ' .,;:''"-/()&', ''), '')
{%- endmacro %}
{% macro duckdb__without_accents(column) -%}strip_accents({{ column }}){%- endmacro %}
{% macro default__without_accents(column) -%}unaccent({{ column }}){%- endmacro %}
{% macro spark__without_accents(column) -%}
    translate(lower({{ column }}), 'àáâãäåçèéêëìíîïñòóôõöùúûüýÿ', 'aaaaaaceeeeiiiinooooouuuuyy')
{%- endmacro %}
