{{ config(
    materialized='incremental',
    incremental_strategy='append',
    unique_key='social_post_key',
    pre_hook="{{ forget_touched('social_post_key', ref('fct_social_post__touched')) }}"
) }}

with post_topic as (
    select distinct
        listed.platform,
        listed.post_ref,
        lower(ltrim(trim(listed.topic), '#')) as topic
    from (
        select
            platform,
            post_ref,
            {{ unnest_list('topics') }} as topic
        from {{ ref('stg_social_posts') }}
        {{ where_touched(['platform', 'post_ref'], ref('fct_social_post__touched')) }}
    ) as listed
)

select
    {{ surrogate_key(['platform', 'post_ref']) }} as social_post_key,
    {{ surrogate_key(['topic']) }} as topic_key,
    cast(1 as {{ type_double() }}) / count(*) over (partition by platform, post_ref) as weight_share
from post_topic
where topic <> ''
