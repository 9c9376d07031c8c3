{{ config(materialized='incremental', unique_key=['platform', 'handle']) }}

with normalised as (
    select
        lower(platform) as platform,
        lower(ltrim(handle, '@')) as handle,
        coalesce(source_system, '') as source_system,
        customer_ref,
        display_name,
        bio,
        lower(email) as email,
        followers,
        following,
        account_kind,
        created_at,
        _file,
        _line,
        _loaded_at,
        updated_at
    from {{ source('raw', 'social_accounts') }}
    {{ where_new(source('raw', 'social_accounts'), ['lower(platform)', "lower(ltrim(handle, '@'))"]) }}
),

latest as (
    {{ latest_per_key('normalised', ['platform', 'handle'], updated_at='updated_at') }}
)

select
    platform,
    handle,
    source_system,
    customer_ref,
    display_name,
    bio,
    email,
    followers,
    following,
    account_kind,
    created_at,
    updated_at,
    _file,
    _loaded_at
from latest
