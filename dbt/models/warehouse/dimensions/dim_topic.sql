with posted as (
    select distinct lower(ltrim(trim(post_topic.topic), '#')) as topic
    from (
        select {{ unnest_list('topics') }} as topic
        from {{ ref('stg_social_posts') }}
    ) as post_topic
),

listed as (
    select
        topic,
        topic_kind
    from {{ ref('topic') }}
),

-- What the shop sells is a topic too: a category or a product by name.
sold as (
    select lower(category) as topic
    from {{ ref('stg_products') }}
    union
    select lower(subcategory) as topic
    from {{ ref('stg_products') }}
    union
    select lower(name) as topic
    from {{ ref('stg_products') }}
),

member as (
    select topic
    from posted
    where topic <> ''
    union
    select topic
    from listed
)

select
    {{ surrogate_key(['member.topic']) }} as topic_key,
    member.topic,
    coalesce(listed.topic_kind, case when sold.topic is not null then 'product' else 'general' end) as topic_kind
from member
left join listed
    on member.topic = listed.topic
left join sold
    on member.topic = sold.topic
union all
select
    {{ unknown_key() }} as topic_key,
    'unknown' as topic,
    'unknown' as topic_kind
