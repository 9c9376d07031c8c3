"""Segments as data: criteria that people write are checked, run over the customer 360 and remembered.

Belongs here: reading criteria, refusing what is not a plain condition on one customer, and the ledger of who was in
which segment from which day to which. Does not belong here: the columns that criteria may use (`mart_customer_360`)
and what is done with segments.
"""

from dagster_project.segmentation.criterion import CriterionError, read_criterion
from dagster_project.segmentation.evaluate import evaluate
from dagster_project.segmentation.report import SegmentReport, SegmentResult

__all__ = ["CriterionError", "SegmentReport", "SegmentResult", "evaluate", "read_criterion"]
