-- One row per household that answered the panel's questions: 801 of 2,469. The others are known by their order lines alone.
-- The answers are bands ('35-49K', '5+'), so they stay text among the attributes.
select
    'household_panel' as source_system,
    cast(household_id as varchar) as customer_ref,
    'US' as country,
    to_json({
        'age': age,
        'income': income,
        'home_ownership': home_ownership,
        'marital_status': marital_status,
        'household_size': household_size,
        'household_composition': household_comp,
        'kids_count': kids_count
    }) as attributes
from landing
