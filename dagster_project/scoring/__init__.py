"""Scores: what a customer is worth, will be worth, and whether he is still there; from the warehouse alone.

Belongs here: models of customers, their intervals, their backtests. Does not belong here: what to do about it
(see `dagster_project.decisions`). Entry points: `prepare` before the marts are built, `score_customers` each day.
"""

from dagster_project.scoring.features import FEATURE_TABLES, write_features
from dagster_project.scoring.leakage import leaking_columns
from dagster_project.scoring.policy import ScoringPolicy
from dagster_project.scoring.score_customers import ScoreReport, score_customers
from dagster_project.scoring.tables import TABLES, prepare

__all__ = [
    "FEATURE_TABLES", "TABLES", "ScoreReport", "ScoringPolicy", "leaking_columns", "prepare",
    "score_customers", "write_features",
]  # fmt: skip
