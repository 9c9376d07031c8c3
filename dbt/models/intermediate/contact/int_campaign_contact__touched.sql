-- A contact won or lost an answer, or one of its answers is another.
select contact_ref
from {{ changed_in(
    ref('int_campaign_response__matched'), ['response_ref', 'contact_ref', 'response', 'responded_at'], ['contact_ref'],
    touched=ref('int_campaign_response__touched'), by='response_ref'
) }}
where contact_ref is not null
