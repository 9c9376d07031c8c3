{{ config(pre_hook="{{ keep_former(['currency_code', 'rate_date', 'rate_to_home']) }}") }}

with rate as (
    select
        currency_code,
        rate_date,
        rate_to_home,
        lead(rate_date) over (partition by currency_code order by rate_date) as next_rate_date
    from {{ ref('stg_exchange_rates') }}
),

-- Two years beyond the last day: the budgets of planned campaigns lie there.
span as (
    select
        min(rate_date) as first_day,
        {{ add_days('greatest(max(rate_date), ' ~ as_of_date() ~ ', ' ~ today() ~ ')', 731) }} as last_day
    from rate
),

calendar_day as (
    select series.date_day
    from {{ date_series('(select first_day from span)', '(select last_day from span)') }} as series
)

select
    rate.currency_code,
    calendar_day.date_day as rate_date,
    rate.rate_to_home,
    calendar_day.date_day > rate.rate_date as is_carried
from rate
inner join calendar_day
    on
        rate.rate_date <= calendar_day.date_day
        and (rate.next_rate_date is null or rate.next_rate_date > calendar_day.date_day)
