{#
    Number of the household at an address: those records share it whose street, postcode, country and family name are written
    alike, capitals, accents, punctuation and short forms of the kind of street aside. Null without a street, a postcode or a name.
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
                match_street(record ~ '.street'),
                record ~ '.postcode',
                record ~ '.country_code',
                match_text("coalesce(" ~ record ~ ".family_name, split_part(" ~ record ~ ".full_name, ' ', -1))")
            ]) }}
    end
{%- endmacro %}

{# A street as two spellings of it share it: long forms of its kind become the short ones. #}
{% macro match_street(column) -%}
    {%- set text = namespace(sql=match_text(column)) -%}
    {%- for long, short in street_words().items() -%}
        {%- set text.sql = "replace(" ~ text.sql ~ ", '" ~ long ~ "', '" ~ short ~ "')" -%}
    {%- endfor -%}
    {{ text.sql }}
{%- endmacro %}

{#
    Kinds of street and their short forms, as match_text leaves them; longer words before their parts. Few, for each is a
    call around the others.
#}
{% macro street_words() %}
    {{ return({
        'viale': 'vle', 'via': 'v', 'piazza': 'pza', 'corso': 'cso', 'straße': 'str', 'strasse': 'str',
        'avenue': 'ave', 'boulevard': 'blvd', 'street': 'st', 'road': 'rd'
    }) }}
{% endmacro %}

{# Number of the household of a customer of whom no address is known. #}
{% macro household_alone(customer_id) -%}{{ surrogate_key(["'customer'", customer_id]) }}{%- endmacro %}
