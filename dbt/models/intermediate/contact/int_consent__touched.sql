-- Whose intervals may change: a statement is new, one of his records changed hands, or his versions changed. What
-- nobody is known to have said is the unknown's, who may win or lose where records change hands.
select customer_id
from {{ ref('int_customer__touched') }}
union distinct
select {{ unknown_key() }} as customer_id
from {{ ref('int_customer__touched') }}
union distinct
select coalesce(records.customer_id, {{ unknown_key() }}) as customer_id
from {{ ref('stg_consents') }} as consents
left join {{ ref('int_record__resolved') }} as records
    on consents.source_system = records.source_system and consents.customer_ref = records.customer_ref
where {{ is_new('consents._loaded_at') }}
