{# A number lies between two bounds, both included; null passes. #}
{% test accepted_range(model, column_name, min_value=none, max_value=none) %}

select {{ column_name }}
from {{ model }}
where
    {{ column_name }} < {{ min_value if min_value is not none else column_name }}
    or {{ column_name }} > {{ max_value if max_value is not none else column_name }}

{% endtest %}
