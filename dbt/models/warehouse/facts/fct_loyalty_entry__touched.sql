{{ config(schema='intermediate', contract={'enforced': false}) }}

-- What may change of an entry: what was said of it, whose it is, whom it names, and the order that it means.
select
    source_system,
    entry_ref,
    {{ surrogate_key(['source_system', 'entry_ref']) }} as loyalty_entry_key
from (
    {{ rows_found(ref('stg_loyalty_entries'), ['source_system', 'entry_ref'], [
        by_news(),
        by_customer('occurred_at', ['source_system', 'customer_ref'], ref('dim_customer__touched_records')),
        by_customer(
            'occurred_at', ['source_system', 'referred_customer_ref'], ref('dim_customer__touched_records'),
            ['source_system', 'customer_ref']
        ),
        by_any(['source_system', 'order_ref'], changed_order_references()),
    ]) }}
) as entries
