-- What each customer does beside buying, before the day: visits, social networks, points.
with visits as (
    select
        customer_id,
        count(*) as visit_count,
        {{ count_if('started_at >= ' ~ start_of_day(add_days(as_of_date(), -28))) }} as visit_count_28d,
        sum(page_view_count) as page_view_count,
        sum(product_view_count) as product_view_count,
        sum(add_to_cart_count) as add_to_cart_count,
        {{ date_of('max(session_date_key)') }} as last_visit_on,
        {{ date_of('max(case when add_to_cart_count > 0 and purchase_count = 0 then session_date_key end)') }}
            as last_basket_left_on
    from {{ ref('fct_web_session') }}
    where started_at < {{ as_of_at() }}
    group by customer_id
),

accounts as (
    select
        customer_id,
        count(*) as social_account_count,
        max(follower_count) as follower_count
    from {{ ref('dim_social_account') }}
    where customer_id <> -1
    group by customer_id
),

posts as (
    select
        customer_id,
        count(*) as social_post_count,
        {{ date_of('max(post_date_key)') }} as last_post_on
    from {{ ref('fct_social_post') }}
    where posted_at < {{ as_of_at() }}
    group by customer_id
),

points as (
    select
        customer_id,
        sum(points) as points_balance,
        sum(case when points > 0 then points else 0 end) as points_earned,
        sum(case when kind = 'redeem' then abs(points) else 0 end) as points_redeemed,
        sum(case when kind = 'referral' then 1 else 0 end) as referral_count
    from {{ ref('fct_loyalty_entry') }}
    where occurred_at < {{ as_of_at() }}
    group by customer_id
)

select
    customers.customer_id,
    cast(coalesce(visits.visit_count, 0) as bigint) as visit_count,
    cast(coalesce(visits.visit_count_28d, 0) as bigint) as visit_count_28d,
    cast(coalesce(visits.page_view_count, 0) as bigint) as page_view_count,
    cast(coalesce(visits.product_view_count, 0) as bigint) as product_view_count,
    cast(coalesce(visits.add_to_cart_count, 0) as bigint) as add_to_cart_count,
    visits.last_visit_on,
    visits.last_basket_left_on,
    cast(coalesce(accounts.social_account_count, 0) as bigint) as social_account_count,
    cast(coalesce(accounts.follower_count, 0) as bigint) as follower_count,
    cast(coalesce(posts.social_post_count, 0) as bigint) as social_post_count,
    posts.last_post_on,
    points.customer_id is not null as is_loyalty_member,
    cast(coalesce(points.points_balance, 0) as {{ type_money() }}) as points_balance,
    cast(coalesce(points.points_earned, 0) as {{ type_money() }}) as points_earned,
    cast(coalesce(points.points_redeemed, 0) as {{ type_money() }}) as points_redeemed,
    cast(coalesce(points.referral_count, 0) as bigint) as referral_count
from {{ ref('dim_customer') }} as customers
left join visits on customers.customer_id = visits.customer_id
left join accounts on customers.customer_id = accounts.customer_id
left join posts on customers.customer_id = posts.customer_id
left join points on customers.customer_id = points.customer_id
where
    customers.is_current and customers.customer_id <> -1
    and coalesce(visits.customer_id, accounts.customer_id, posts.customer_id, points.customer_id) is not null
