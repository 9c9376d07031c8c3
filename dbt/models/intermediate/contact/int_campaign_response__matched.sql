{{ config(
    materialized='incremental',
    unique_key='response_ref',
    pre_hook="{{ keep_former(
        ['response_ref', 'contact_ref', 'response', 'responded_at'],
        touched=ref('int_campaign_response__touched'), by='response_ref'
    ) }}"
) }}

-- The campaign contact that a response answers: the one it names, else the latest one of the same campaign and customer
-- before it. Nearly all name one: whose the others are is asked of these only.
with chosen as (
    select * from {{ ref('stg_campaign_responses') }}
    {{ where_touched('response_ref', ref('int_campaign_response__touched')) }}
),

responses as (
    select
        responses.response_ref,
        responses.campaign_ref,
        responses.source_system,
        responses.customer_ref,
        responses.response,
        responses.responded_at,
        contacts.contact_ref as named_contact_ref
    from chosen as responses
    left join {{ ref('stg_campaign_contacts') }} as contacts on responses.contact_ref = contacts.contact_ref
),

unnamed as (
    select
        responses.response_ref,
        responses.campaign_ref,
        responses.responded_at,
        records.customer_id
    from responses
    inner join {{ ref('int_record__resolved') }} as records
        on responses.source_system = records.source_system and responses.customer_ref = records.customer_ref
    where responses.named_contact_ref is null
),

contacts as (
    select
        contacts.contact_ref,
        contacts.campaign_ref,
        contacts.sent_at,
        records.customer_id
    from {{ ref('stg_campaign_contacts') }} as contacts
    inner join {{ ref('int_record__resolved') }} as records
        on contacts.source_system = records.source_system and contacts.customer_ref = records.customer_ref
    where
        {{ is_among('contacts.campaign_ref', 'unnamed', ['campaign_ref']) }}
        and {{ is_among('records.customer_id', 'unnamed', ['customer_id']) }}
),

guesses as (
    select
        unnamed.response_ref,
        contacts.contact_ref,
        row_number() over (
            partition by unnamed.response_ref order by contacts.sent_at desc, contacts.contact_ref asc
        ) as choice
    from unnamed
    inner join contacts
        on
            unnamed.campaign_ref = contacts.campaign_ref
            and unnamed.customer_id = contacts.customer_id
            and unnamed.responded_at >= contacts.sent_at
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
