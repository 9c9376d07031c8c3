{#
    Number of the household at an address: those records share it whose street, postcode, country and family name are written
    alike, capitals, accents and punctuation aside. Null without a street, a postcode or a name.
    Where the family name does not stand alone it is the last word of the full name.
#}
{% macro household_id(record) -%}
    case
        when
            {{ record }}.street is not null
            and {{ record }}.postcode is not null
            and coalesce({{ record }}.family_name, {{ record }}.full_name) is not null
            and coalesce({{ record }}.party_type, 'person') = 'person'
            then {{ surrogate_key([
                match_text(record ~ '.street'),
                record ~ '.postcode',
                record ~ '.country_code',
                match_text("coalesce(" ~ record ~ ".family_name, split_part(" ~ record ~ ".full_name, ' ', -1))")
            ]) }}
    end
{%- endmacro %}

{# Number of the household of a customer of whom no address is known. #}
{% macro household_alone(customer_id) -%}{{ surrogate_key(["'customer'", customer_id]) }}{%- endmacro %}
