"""Who is who: one durable customer number for all the records, visitors, handles and addresses of one person.

Belongs here: the rules that say which records are the same person, the components that follow from them, and the
ledger of what was believed when. Does not belong here: the customer's attributes (survivorship and households are
dbt models over the ledger), and any knowledge of which rule made an assignment: readers of the ledger see
identifiers, numbers and probabilities.
"""

from dagster_project.identity.report import ResolutionReport
from dagster_project.identity.resolve import resolve

__all__ = ["ResolutionReport", "resolve"]
