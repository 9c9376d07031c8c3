with latest as (
    {{ latest_per_key(source('raw', 'agents'), ['agent_ref'], updated_at='updated_at') }}
)

select
    agent_ref,
    name,
    team,
    hired_on,
    updated_at,
    _file,
    _loaded_at
from latest
