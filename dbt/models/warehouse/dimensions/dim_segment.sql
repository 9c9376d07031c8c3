select
    {{ version_key('segment_name') }} as segment_key,
    segment_name,
    valid_from,
    coalesce(valid_to, {{ end_of_time() }}) as valid_to,
    coalesce(valid_to, {{ end_of_time() }}) = {{ end_of_time() }} as is_current,
    criterion,
    description,
    owner
from {{ source('ledger', 'segment_definition') }}
union all
select
    {{ unknown_key() }} as segment_key,
    'unknown' as segment_name,
    {{ beginning_of_time() }} as valid_from,
    {{ end_of_time() }} as valid_to,
    true as is_current,
    cast(null as {{ type_string() }}) as criterion,
    'No segment' as description,
    'unknown' as owner
