with page as (
    select distinct page_path
    from {{ ref('stg_web_events') }}
    where page_path is not null
),

-- The longest prefix of its path says which section a page belongs to.
placed as (
    select
        page.page_path,
        {{ last_by('page_section.site_section', 'length(page_section.path_prefix)') }} as site_section
    from page
    left join {{ ref('page_section') }} as page_section
        on substr(page.page_path, 1, length(page_section.path_prefix)) = page_section.path_prefix
    group by page.page_path
)

select
    {{ surrogate_key(['page_path']) }} as page_key,
    page_path,
    coalesce(site_section, 'general') as site_section
from placed
union all
select
    {{ unknown_key() }} as page_key,
    'unknown' as page_path,
    'unknown' as site_section
