with agent as (
    select * from {{ ref('stg_agents') }}
),

-- Every employee that anything points to, whether or not his own row has come.
member as (
    select agent_ref
    from agent
    {{ referenced_in(['order_lines', 'contacts', 'service_cases', 'opportunity_stages'], 'agent_ref') }}
    union
    select cast(null as {{ type_string() }}) as agent_ref
)

select
    {{ key_or_unknown(['member.agent_ref']) }} as agent_key,
    coalesce(member.agent_ref, 'unknown') as agent_ref,
    member.agent_ref is not null and agent.agent_ref is null as is_inferred,
    coalesce(agent.name, 'unknown') as name,
    coalesce(agent.team, 'unknown') as team,
    agent.hired_on
from member
left join agent
    on member.agent_ref = agent.agent_ref
