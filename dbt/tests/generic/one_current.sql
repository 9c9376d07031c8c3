{# Each thing has exactly one current version. #}
{% test one_current(model, by, is_current='is_current') %}

select {{ by | join(', ') }}
from {{ model }}
group by {{ by | join(', ') }}
having sum(case when {{ is_current }} then 1 else 0 end) <> 1

{% endtest %}
