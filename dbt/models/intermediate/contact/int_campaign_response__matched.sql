-- The campaign contact that a response answers: the one it names, else the latest one of the same campaign and customer
-- before it.
with contacts as (
    select
        contacts.contact_ref,
        contacts.campaign_ref,
        contacts.sent_at,
        records.customer_id
    from {{ ref('stg_campaign_contacts') }} as contacts
    left join {{ ref('int_record__resolved') }} as records
        on contacts.source_system = records.source_system and contacts.customer_ref = records.customer_ref
),

responses as (
    select
        responses.response_ref,
        responses.campaign_ref,
        responses.response,
        responses.responded_at,
        records.customer_id,
        contacts.contact_ref as named_contact_ref
    from {{ ref('stg_campaign_responses') }} as responses
    left join {{ ref('int_record__resolved') }} as records
        on responses.source_system = records.source_system and responses.customer_ref = records.customer_ref
    left join contacts on responses.contact_ref = contacts.contact_ref
),

guesses as (
    select
        responses.response_ref,
        contacts.contact_ref,
        row_number() over (
            partition by responses.response_ref order by contacts.sent_at desc, contacts.contact_ref asc
        ) as choice
    from responses
    inner join contacts
        on
            responses.named_contact_ref is null
            and responses.campaign_ref = contacts.campaign_ref
            and responses.customer_id = contacts.customer_id
            and responses.responded_at >= contacts.sent_at
)

select
    responses.response_ref,
    coalesce(responses.named_contact_ref, guesses.contact_ref) as contact_ref,
    case
        when responses.named_contact_ref is not null then 'named'
        when guesses.contact_ref is not null then 'latest_before'
        else 'none'
    end as match_rule,
    responses.response,
    responses.responded_at
from responses
left join guesses on responses.response_ref = guesses.response_ref and guesses.choice = 1
