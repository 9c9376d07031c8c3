-- How each customer was served: cases opened before the day, in the state of that day.
select
    customer_id,
    count(*) as case_count,
    cast(sum(case when is_complaint then 1 else 0 end) as bigint) as complaint_count,
    cast(sum(case when coalesce(resolved_at >= {{ as_of_at() }}, true) then 1 else 0 end) as bigint) as open_case_count,
    cast(sum(
        case when is_complaint and coalesce(resolved_at >= {{ as_of_at() }}, true) then 1 else 0 end
    ) as bigint) as open_complaint_count,
    cast(avg(satisfaction_score) as {{ type_double() }}) as average_satisfaction_score,
    cast({{ last_by('satisfaction_score', 'opened_at') }} as bigint) as last_satisfaction_score,
    cast({{ last_by('recommend_score', 'opened_at') }} as bigint) as last_recommend_score,
    cast(avg(first_response_business_minutes) as {{ type_double() }}) as average_first_response_business_minutes,
    cast(avg(resolution_business_minutes) as {{ type_double() }}) as average_resolution_business_minutes,
    {{ last_by('topic', 'opened_at') }} as last_case_topic,
    {{ date_of('max(opened_date_key)') }} as last_case_on,
    {{ date_of('max(case when is_complaint then opened_date_key end)') }} as last_complaint_on
from {{ ref('fct_service_case') }}
where opened_at < {{ as_of_at() }} and customer_id <> -1
group by customer_id
