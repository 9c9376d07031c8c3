{{ config(pre_hook="{{ keep_former(['segment_key', 'segment_name', 'valid_from', 'valid_to']) }}") }}

select
    {{ version_key('segment_name') }} as segment_key,
    segment_name,
    valid_from,
    valid_to,
    {{ is_current_version('valid_from', 'valid_to') }} as is_current,
    is_listed,
    criterion,
    description,
    owner
from {{ ref('int_segment__versioned') }}
union all
select
    {{ unknown_key() }} as segment_key,
    'unknown' as segment_name,
    {{ beginning_of_time() }} as valid_from,
    {{ end_of_time() }} as valid_to,
    true as is_current,
    false as is_listed,
    cast(null as {{ type_string() }}) as criterion,
    'No segment' as description,
    'unknown' as owner
