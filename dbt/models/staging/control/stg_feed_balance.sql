{{ config(materialized='incremental', unique_key=['feed']) }}

-- What stands in raw of the feeds that carry money or points; counted from the rows, not from the register.
{{ feed_balance('order_lines', ['source_system', 'order_ref', 'line_number'], 'updated_at', 'net_amount') }}
union all
{{ feed_balance('returns', ['source_system', 'return_ref', 'line_number'], none, 'amount') }}
union all
{{ feed_balance('loyalty_entries', ['source_system', 'entry_ref'], none, 'points') }}
