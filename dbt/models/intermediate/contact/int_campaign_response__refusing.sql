-- An answer by which a customer refuses what he was sent, until he opts in again: no feed of consents need repeat it.
with refusals as (
    select
        coalesce(by_contact.customer_id, by_response.customer_id) as customer_id,
        contacts.channel_code,
        answers.response as reason,
        answers.responded_at as valid_from
    from {{ ref('int_campaign_response__matched') }} as answers
    inner join {{ ref('stg_campaign_responses') }} as responses on answers.response_ref = responses.response_ref
    left join {{ ref('stg_campaign_contacts') }} as contacts on answers.contact_ref = contacts.contact_ref
    left join {{ ref('int_record__resolved') }} as by_contact
        on contacts.source_system = by_contact.source_system and contacts.customer_ref = by_contact.customer_ref
    left join {{ ref('int_record__resolved') }} as by_response
        on responses.source_system = by_response.source_system and responses.customer_ref = by_response.customer_ref
    where answers.response in ('unsubscribed', 'complained')
),

opt_ins as (
    select * from {{ ref('int_consent__intervals') }}
    where purpose in ({{ campaign_purpose() }}, 'all') and status = 'opt_in'
)

select
    refusals.customer_id,
    refusals.channel_code,
    refusals.reason,
    refusals.valid_from,
    coalesce(
        min(
            case
                when
                    opt_ins.valid_from > refusals.valid_from
                    and (refusals.channel_code is null or refusals.channel_code = opt_ins.channel_code)
                    then opt_ins.valid_from
            end
        ),
        {{ end_of_time() }}
    ) as valid_to
from refusals
left join opt_ins on refusals.customer_id = opt_ins.customer_id
where refusals.customer_id is not null
group by
    refusals.customer_id,
    refusals.channel_code,
    refusals.reason,
    refusals.valid_from
