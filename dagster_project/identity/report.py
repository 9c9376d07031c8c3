"""What one resolution found and changed, in numbers.

Belongs here: the figures of a run and their wording. Does not belong here: any identifier of a person.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class ResolutionReport:
    """The figures of one resolution.

    Attributes:
        records: registry records and references seen only in facts.
        customers: distinct customers among them.
        links: links between records by rule.
        shared: identifiers held by records that contradict each other, by rule: a household's, not a person's.
        overused: identifiers held by too many records to identify anyone, by rule.
        contested: groups of records whose chain of links joined two that contradict each other; resolved more strictly.
        identifiers: ledger rows now believed, by kind.
        shared_visitors: visitors on which several customers logged in; none of them gets the anonymous history.
        opened: ledger rows that are new beliefs.
        closed: ledger rows no longer believed.
        unchanged: ledger rows left untouched.
        decisions: stewards' decisions in force.
        waiting: decisions about a record that no feed has named yet.
        review: links refused by the policy that a person should look at.
        threshold: log2 odds from which the model takes a pair for one, by kind of party.
        scored: pairs that this run compared, by kind of party; the others are remembered.
        blocks: pairs that the blocking rules bring, by kind of party.
        seconds: wall time.
    """

    records: int
    customers: int
    links: dict[str, int] = field(default_factory=dict)
    shared: dict[str, int] = field(default_factory=dict)
    overused: dict[str, int] = field(default_factory=dict)
    contested: int = 0
    identifiers: dict[str, int] = field(default_factory=dict)
    shared_visitors: int = 0
    opened: int = 0
    closed: int = 0
    unchanged: int = 0
    decisions: int = 0
    waiting: int = 0
    review: int = 0
    threshold: dict[str, float] = field(default_factory=dict)
    scored: dict[str, int] = field(default_factory=dict)
    blocks: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def note(self) -> str:
        """What a person should look at, for the line of the run; empty where it is nothing."""
        if not self.review:
            return ""
        links = "link was" if self.review == 1 else "links were"
        return f"{self.review:,} {links} refused: see intermediate.identity_review"

    def summary(self) -> str:
        """Say in one line what a reader of the log wants to know."""
        links = ", ".join(f"{count:,} by {rule.replace('_', ' ')}" for rule, count in sorted(self.links.items()))
        waiting = f" ({self.waiting:,} wait for their record)" if self.waiting else ""
        pairs = ", ".join(
            f"{self.scored.get(party, 0):,} of {party}s ({count:,} in blocks)"
            for party, count in sorted(self.blocks.items())
        )
        return (
            f"{self.records:,} records are {self.customers:,} customers (links: {links or 'none'}; "
            f"pairs compared: {pairs or 'none'}; for review: {self.review:,}; "
            f"decided by stewards: {self.decisions:,}{waiting}); "
            f"ledger: {self.opened:,} opened, {self.closed:,} closed, {self.unchanged:,} unchanged"
        )
