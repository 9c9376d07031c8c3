-- An answer by which a customer refuses what he was sent, until he opts in again: no feed of consents need repeat it.
select
    coalesce(by_contact.customer_id, by_response.customer_id) as customer_id,
    contacts.channel_code,
    answers.response as reason,
    answers.responded_at as valid_from,
    coalesce(min(consents.valid_from), {{ end_of_time() }}) as valid_to
from {{ ref('int_campaign_response__matched') }} as answers
inner join {{ ref('stg_campaign_responses') }} as responses on answers.response_ref = responses.response_ref
left join {{ ref('stg_campaign_contacts') }} as contacts on answers.contact_ref = contacts.contact_ref
left join {{ ref('int_record__resolved') }} as by_contact
    on contacts.source_system = by_contact.source_system and contacts.customer_ref = by_contact.customer_ref
left join {{ ref('int_record__resolved') }} as by_response
    on responses.source_system = by_response.source_system and responses.customer_ref = by_response.customer_ref
left join {{ ref('int_consent__intervals') }} as consents
    on
        coalesce(by_contact.customer_id, by_response.customer_id) = consents.customer_id
        and coalesce(contacts.channel_code, consents.channel_code) = consents.channel_code
        and consents.purpose in ({{ campaign_purpose() }}, 'all')
        and consents.status = 'opt_in'
        and answers.responded_at < consents.valid_from
where
    answers.response in ('unsubscribed', 'complained')
    and coalesce(by_contact.customer_id, by_response.customer_id) is not null
group by
    coalesce(by_contact.customer_id, by_response.customer_id),
    contacts.channel_code,
    answers.response,
    answers.responded_at
