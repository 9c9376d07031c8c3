{{ config(pre_hook="{{ keep_former(['coupon_code', 'order_date', 'campaign_ref']) }}") }}

-- Which campaign a coupon stood for on the days on which it was used; of several the one that began last.
with used as (
    select distinct
        coupon_code,
        ordered_on as order_date
    from {{ ref('stg_order_lines') }}
    where coupon_code is not null and campaign_ref is null
),

campaigns as (
    select
        campaign_ref,
        upper(coupon_code) as coupon_code,
        starts_on,
        ends_on
    from {{ ref('stg_campaigns') }}
    where coupon_code is not null
),

ranked as (
    select
        used.coupon_code,
        used.order_date,
        campaigns.campaign_ref,
        row_number() over (
            partition by used.coupon_code, used.order_date
            order by campaigns.starts_on desc, campaigns.campaign_ref asc
        ) as choice
    from used
    inner join campaigns
        on
            upper(used.coupon_code) = campaigns.coupon_code
            and used.order_date >= campaigns.starts_on
            and used.order_date <= campaigns.ends_on
)

select
    coupon_code,
    order_date,
    campaign_ref
from ranked
where choice = 1
