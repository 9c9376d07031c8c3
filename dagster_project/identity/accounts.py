"""Whose an account on a social platform is, by its reference, its e-mail, or a name that hardly anybody else bears.

Belongs here: the claims of accounts in `identity_belief`. Does not belong here: other identifiers (`identifiers.py`).
"""

from __future__ import annotations

import duckdb

from dagster_project.identity.claims import NUMBER_OF_EMAIL, NUMBER_OF_RECORD, ONE_CLAIMANT, SAME_NAME
from dagster_project.identity.registry import REGISTRY

LEAST_PROBABILITY = 0.95
"""A name alone counts from here on."""
_SURE = 0.99

# An address that is not given as one may stand in what the account says of itself.
_ACCOUNT = r"""
create or replace temp table identity_account as
select platform, handle, source_system, customer_ref, display_name,
    coalesce(email, nullif(regexp_extract(lower(bio), '[\w.+-]+@[\w-]+(\.[\w-]+)+'), '')) as email,
    list_sort(list_distinct(string_split(identity_name(display_name), ' '))) as words
from staging.stg_social_accounts
where coalesce(account_kind, 'person') = 'person'
"""
_HANDLE = f"""
with addressed as (
    select mention.platform, mention.handle, address.customer_id
    from identity_account as mention {NUMBER_OF_EMAIL}
    where mention.customer_ref is null
)
select mention.platform as source_system, mention.handle as identifier, record.customer_id,
    'reference' as rule, 1 as priority
from identity_account as mention {NUMBER_OF_RECORD}
union all
select platform, handle, customer_id, 'email', 2 from addressed
union all
select mention.platform, mention.handle, owner.customer_id, 'name_and_reach', 3
from identity_account as mention
inner join identity_owner as owner on identity_email(mention.email) = owner.email
inner join {REGISTRY} as registry on owner.said = registry.said
anti join addressed on mention.platform = addressed.platform and mention.handle = addressed.handle
where mention.customer_ref is null and {SAME_NAME.format(name="mention.display_name")}
"""
# Who bears a name alone among the customers: is the account his, or that of one of the strangers who bear it too? His,
# by Bayes' rule, with a / (a + s f): a, accounts a customer has, at least as many as are known to be some customer's;
# s, strangers' accounts, at most as many as are known to be nobody's; f, the share of people of that name, from the
# customers: the commonest word of it times the rarest, as the others may belong to one of these.
_NAMED = f"""
insert into identity_belief (identifier_kind, source_system, identifier, customer_id, rule, probability)
with claimed as (
    select source_system as platform, identifier as handle, customer_id
    from identity_belief where identifier_kind = 'handle'
),
bearer as (
    select owner.customer_id, registry.name_words as words
    from {REGISTRY} as registry
    inner join identity_owner as owner on registry.said = owner.said
    where registry.name_words is not null and coalesce(registry.party_type, 'person') = 'person'
),
people as (select count(distinct customer_id) as customers from bearer),
opened as (select account.* from identity_account as account anti join claimed using (platform, handle)),
chance as (
    select
        ((select count(*) from identity_account) - count(*)) / any_value(people.customers) as accounts,
        count(*) as strangers
    from opened cross join people
),
word as (
    select word, count(distinct customer_id) / any_value(people.customers) as share
    from (select customer_id, unnest(words) as word from bearer) cross join people
    where word in (select unnest(words) from opened)
    group by word
),
lone as (
    select words, min(customer_id) as customer_id
    from bearer
    where len(words) > 1 and words in (select words from opened)
    group by words
    having min(customer_id) = max(customer_id)
),
named as (
    select lone.words, lone.customer_id, min(word.share) * max(word.share) as share
    from (select words, customer_id, unnest(words) as word from lone) as lone
    inner join word using (word)
    group by lone.words, lone.customer_id
),
found as (
    select opened.platform, opened.handle, named.customer_id,
        chance.accounts / (chance.accounts + chance.strangers * named.share) as probability
    from opened
    inner join named using (words)
    cross join chance
    anti join claimed on opened.platform = claimed.platform and named.customer_id = claimed.customer_id
    qualify count(*) over (partition by opened.platform, named.customer_id) = 1
)
-- In two steps: a belief that moves by a hair each day would be a new one each day.
select 'handle', platform, handle, customer_id, 'name',
    case when probability >= {_SURE} then {_SURE} else {LEAST_PROBABILITY} end
from found
where probability >= {LEAST_PROBABILITY}
"""
# A contact names a handle without its platform: that is enough where the handle stands for one customer everywhere.
_ANYWHERE = """
select '' as source_system, account.handle as identifier, coalesce(handle.customer_id, -1) as customer_id,
    'handle_without_platform' as rule, 1 as priority
from staging.stg_social_accounts as account
left join identity_belief as handle
    on handle.identifier_kind = 'handle'
    and account.platform = handle.source_system and account.handle = handle.identifier
qualify min(coalesce(handle.customer_id, -1)) over (partition by account.handle) > 0
"""


def claim_accounts(connection: duckdb.DuckDBPyConnection) -> None:
    """Add the handles to `identity_belief`, which has the records and e-mails already; `identity_owner` is there.

    A name that one customer alone bears, and one account of the platform, counts by itself where it is so rare that the
    account is his with a probability of at least `LEAST_PROBABILITY`.
    """
    connection.execute(_ACCOUNT)
    if connection.execute("select 1 from identity_account limit 1").fetchone():
        # Without accounts nobody pays for taking the customers' names apart.
        connection.execute(ONE_CLAIMANT.format(kind="handle", claims=_HANDLE))
        connection.execute(_NAMED)
        connection.execute(ONE_CLAIMANT.format(kind="handle", claims=_ANYWHERE))
    connection.execute("drop table identity_account")
