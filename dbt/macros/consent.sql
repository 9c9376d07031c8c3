{#
    What a permission is for. Sources write one purpose in several ways, and an opt-out must not be lost to a capital
    letter: the purpose that campaigns need is spelled as the company spells it, every other one in small letters.
#}
{% macro purpose_of_consent(column) -%}
    case
        when lower({{ column }}) = lower({{ campaign_purpose() }}) then {{ campaign_purpose() }}
        else lower({{ column }})
    end
{%- endmacro %}

{# The purpose of consent that a campaign needs. #}
{% macro campaign_purpose() -%}'{{ var('consent_purpose') | replace("'", "''") }}'{%- endmacro %}
