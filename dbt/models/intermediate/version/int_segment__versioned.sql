{%- set attributes = ['criterion', 'description', 'owner', 'is_listed'] -%}

with entry as (
    select
        segment_name,
        criterion,
        description,
        owner,
        is_listed,
        is_valid,
        max(case when is_valid then 1 else 0 end) over (partition by segment_name) as was_ever_valid,
        {{ start_of_day('effective_on') }} as effective_at,
        _loaded_at,
        cast(null as {{ type_string() }}) as _file,
        0 as _line
    from {{ source('ledger', 'segment_definition_history') }}
),

-- A criterion that cannot run never came into force; one that never could is shown all the same.
sound as (
    select *
    from entry
    where
        is_valid
        or not is_listed
        or was_ever_valid = 0
),

history as (
    {{ latest_per_key('sound', ['segment_name', 'effective_at']) }}
),

interval_of_version as (
    {{ version_intervals('history', ['segment_name'], attributes) }}
)

select
    history.segment_name,
    interval_of_version.valid_from,
    interval_of_version.valid_to,
    history.criterion,
    history.description,
    history.owner,
    history.is_listed,
    history._loaded_at
from history
inner join interval_of_version
    on
        history.segment_name = interval_of_version.segment_name
        and history.effective_at = interval_of_version.effective_at
