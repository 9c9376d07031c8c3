"""Splink, as this house uses it: agreement patterns and match weights of given pairs.

Belongs here: everything that knows Splink. Does not belong here: what is learned from the patterns (`training.py`).
Splink is imported when it is needed: a company without names never pays for it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import duckdb

from dagster_project.identity.comparisons import Comparison, splink_comparison

Table = dict[str, list[float]]
"""Probabilities of the levels of each comparison, equal first."""


def settled(value: float) -> float:
    """Cut a sum of doubles to six digits: what lies behind them depends on which thread added first."""
    return float(f"{value:.6g}")


def score(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    comparisons: Sequence[Comparison],
    model: tuple[Table, Table, float],
    out: str,
) -> None:
    """Write the table `out` for the pairs of `identity_candidate`, scored by a model.

    Columns: `record_id_l`, `record_id_r`, `match_weight` (log2 of the odds that both are one), `gamma_<column>` (the
    level: 0 = different, greatest = equal, -1 = unknown).

    Args:
        connection: with the tables `source` and `identity_candidate`.
        source: the records, with the columns that the comparisons name.
        comparisons: how to compare.
        model: probabilities of each level among pairs of one and of two, and that two random records are one.
        out: name of the table to write.
    """
    api, linker = _linker(connection, source, comparisons, model)
    linker.table_management.register_blocked_pairs_for_predict(api.register("identity_candidate_splink"))
    scored = linker.inference.predict(warning_mode="never")
    connection.execute(f"drop table if exists {out}")
    connection.execute(f"alter table {scored.physical_name} rename to {out}")
    _clean(connection, linker)


def learn(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    comparisons: Sequence[Comparison],
    model: tuple[Table, Table, float],
    rule: Sequence[str],
) -> tuple[Table, float]:
    """Learn the probabilities of one by Splink's expectation maximisation within the blocks of a rule.

    Returns:
        The probabilities of the levels of each comparison that the rule leaves free, and the share of pairs that are
        one.
    """
    from splink import block_on  # noqa: PLC0415

    _, linker = _linker(connection, source, comparisons, model)
    session = linker.training.estimate_parameters_using_expectation_maximisation(
        block_on(*rule), estimate_without_term_frequencies=True, max_pairs=1e6, record_sample_proportion=1.0
    )
    learned = session.core_model_settings
    table = {}
    for comparison in learned.comparisons:
        levels = [level for level in comparison.comparison_levels if not level.is_null_level]
        table[comparison.output_column_name] = [_number(level) for level in levels]
    share = settled(learned.probability_two_random_records_match)
    _clean(connection, linker)
    return table, share


def _number(level: Any) -> float:
    value = level.m_probability
    return settled(value) if isinstance(value, float) else 0.0


def _linker(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    comparisons: Sequence[Comparison],
    model: tuple[Table, Table, float],
) -> tuple[Any, Any]:
    from splink import Linker, SettingsCreator  # noqa: PLC0415
    from splink.blocking_rule_library import CustomRule  # noqa: PLC0415

    logging.getLogger("splink").setLevel(logging.ERROR)
    m, u, prior = model
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="record_id",
        comparisons=[splink_comparison(c, m[c.column], u[c.column]) for c in comparisons],
        blocking_rules_to_generate_predictions=[CustomRule("1=0")],
        probability_two_random_records_match=prior,
        retain_matching_columns=True,
        retain_intermediate_calculation_columns=False,
        max_iterations=25,
        em_convergence=0.001,
    )
    connection.execute(
        "create or replace temp view identity_candidate_splink as "
        "select record_id_l as join_key_l, record_id_r as join_key_r, '0' as match_key from identity_candidate"
    )
    api = _api(connection, comparisons)
    return api, Linker(api.register(source), settings, log_level=None)


def _api(connection: duckdb.DuckDBPyConnection, comparisons: Sequence[Comparison]) -> Any:
    """Give Splink a way to the warehouse on which it leaves nothing there, and keeps of a scored pair what is used.

    To give the levels, it would write the names and addresses of both records beside each pair, into the warehouse's
    file: half of the time that scoring takes.
    """
    from splink import DuckDBAPI  # noqa: PLC0415

    kept = ", ".join(["record_id_l", "record_id_r", "match_weight", *(f"gamma_{c.column}" for c in comparisons)])

    class TemporaryTables(DuckDBAPI):
        def _setup_for_execute_sql(self, sql: str, physical_name: str) -> str:
            self.delete_table_from_database(physical_name)
            is_scored = physical_name.startswith("__splink__df_predict")
            return f"create temp table {physical_name} as " + (f"select {kept} from ({sql})" if is_scored else sql)

    return TemporaryTables(connection)


def _clean(connection: duckdb.DuckDBPyConnection, linker: Any) -> None:
    linker.table_management.delete_tables_created_by_splink_from_db()
    connection.execute("drop view if exists identity_candidate_splink")
