{{ config(materialized='view') }}

-- Who bought, in which order, through which campaign.
{{ resolved_order_lines() }}
