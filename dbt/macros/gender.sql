{# f, m, or x for anything else, from what people write; null where nothing was written. #}
{% macro gender_code(column) -%}
    case
        when {{ column }} in ('f', 'female', 'w', 'woman', 'femmina', 'donna', 'frau', 'weiblich', 'femme') then 'f'
        when {{ column }} in ('m', 'male', 'man', 'maschio', 'uomo', 'herr', 'männlich', 'homme') then 'm'
        when {{ column }} is not null then 'x'
    end
{%- endmacro %}
