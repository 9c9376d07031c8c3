{{ config(schema='intermediate', contract={'enforced': false}) }}

-- Sums to date go on from month to month: with a month, all that follow it change.
select coalesce(min(month_date_key), {{ 99991201 if is_daily_run() else 0 }}) as month_date_key
from {{ changed_in(ref('fct_customer_standing__told'), ['month_date_key', 'fingerprint'], ['month_date_key']) }}
