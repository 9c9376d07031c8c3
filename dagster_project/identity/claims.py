"""The pieces of SQL that every kind of identifier is claimed with; an identifier is whose alone has a claim on it."""

from __future__ import annotations

ONE_CLAIMANT = """
insert into identity_belief (identifier_kind, source_system, identifier, customer_id, rule, probability)
with claim as ({claims})
select '{kind}', source_system, identifier, min(customer_id), min_by(rule, priority), 1.0
from claim
group by source_system, identifier
having min(customer_id) = max(customer_id)
"""
NUMBER_OF_RECORD = """inner join identity_belief as record
    on record.identifier_kind = 'record'
    and mention.source_system = record.source_system and mention.customer_ref = record.identifier"""
NUMBER_OF_EMAIL = """inner join identity_belief as address
    on address.identifier_kind = 'email' and identity_email(mention.email) = address.identifier"""
# Whether a registry's name and one that is given elsewhere have all the words of the shorter of them in common.
SAME_NAME = """(
    list_has_all(registry.name_words, string_split(identity_name({name}), ' '))
    or list_has_all(string_split(identity_name({name}), ' '), registry.name_words))"""
