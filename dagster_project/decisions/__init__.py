"""Decisions: which campaigns add most, whom to contact for them, how, when, and whom to hold out.

Belongs here: everything between a score and a contact. Does not belong here: scores (`dagster_project.scoring`),
sending. Entry points: `decide` each day, `violations` to prove the plan, `write_outbox` to hand it over.
"""

from dagster_project.decisions.decide import DecisionReport, decide
from dagster_project.decisions.outbox import write_outbox
from dagster_project.decisions.policy import DecisionPolicy
from dagster_project.decisions.tables import TABLES, prepare
from dagster_project.decisions.violations import Violation, violations

__all__ = ["TABLES", "DecisionPolicy", "DecisionReport", "Violation", "decide", "prepare", "violations", "write_outbox"]
