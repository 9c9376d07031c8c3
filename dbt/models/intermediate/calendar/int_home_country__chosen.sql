{{ config(materialized='view') }}

-- The country that the company names, else the one of most stores, else of most customer records.
with candidate as (
    select
        nullif('{{ var('home_country') or '' }}', '') as country_code,
        1 as source_rank,
        1 as weight
    union all
    select
        country_code,
        2 as source_rank,
        count(*) as weight
    from {{ ref('stg_stores') }}
    group by country_code
    union all
    select
        country_code,
        3 as source_rank,
        count(*) as weight
    from {{ ref('stg_customers') }}
    group by country_code
)

select country_code
from (
    select
        country_code,
        row_number() over (order by source_rank asc, weight desc, country_code asc) as choice
    from candidate
    where country_code is not null
) as ranked
where choice = 1
