{# The dimension has exactly one row for 'unknown', so that no fact is dropped. #}
{% test has_unknown_member(model, column_name) %}

select count(*) as unknown_count
from {{ model }}
where {{ column_name }} = -1
having count(*) <> 1

{% endtest %}
