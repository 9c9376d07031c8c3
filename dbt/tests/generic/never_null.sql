{# No row lacks a value in any of the columns: one test a model, because each test costs a start of its own. #}
{% test never_null(model, columns) %}

select {{ columns | join(', ') }}
from {{ model }}
where {{ columns | join(' is null or ') }} is null

{% endtest %}
