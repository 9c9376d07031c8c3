-- The tills' own headers, made into the contract's columns.
select
    cassa as source_system,
    reso as return_ref,
    riga as line_number,
    ordine as order_ref,
    cliente as customer_ref,
    articolo as product_ref,
    quantita as quantity,
    importo as amount,
    valuta as currency,
    reso_il as returned_at,
    motivo as reason
from landing
