"""Splink's own tutorial, measured: `python -m dagster_project.benchmark.measured_tutorial RECORDS FOUND OUT.json`.

The comparisons, rules and thresholds of the tutorial in Splink 5's documentation on our columns, in a process of its
own. What it leaves to the reader is done here: a name that stands alone is parted at its first blank, and a rule that
brings more pairs than the tutorial allows a laptop is narrowed by the year of birth.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.benchmark.sampling import Sampler

MOST_PAIRS = 20_000_000
"""What the tutorial allows one machine."""
THRESHOLDS = (0.2, 0.5, 0.9, 0.99, 0.999, 0.9999)
"""The probability from which the tutorial makes clusters, and others to choose from who knows the truth."""
_INPUT = """
create table person as
select
    row_number() over () as unique_id, source_system, customer_ref,
    lower(coalesce(given_name, split_part(full_name, ' ', 1))) as first_name,
    lower(coalesce(family_name, substr(full_name, strpos(full_name, ' ') + 1))) as surname,
    birth_date::text as dob, year(birth_date) as birth_year, lower(city) as city, lower(email) as email
from '{records}'
"""


def main(records: Path, found: Path, out: Path) -> None:
    """Match; write each record's cluster at each threshold as Parquet, and seconds, peak memory (MB), pairs scored."""
    from dagster_project import database  # noqa: PLC0415
    from dagster_project.settings import get_settings  # noqa: PLC0415

    file = found.with_suffix(".duckdb")
    file.unlink(missing_ok=True)
    with duckdb.connect(str(file)) as connection, Sampler() as memory:
        database.set_limits(connection, get_settings())
        start, spent = time.perf_counter(), time.process_time()
        connection.execute(_INPUT.format(records=records))
        linker, scored = match(connection)
        clusters = [_cluster(linker, scored, THRESHOLDS[0])]
        end = time.perf_counter()
        measured = {
            "wall_seconds": end - start,
            "cpu_seconds": time.process_time() - spent,
            "peak_mb": memory.peak(start, end),
            "pairs": connection.execute(f"select count(*) from {scored.physical_name}").fetchall()[0][0],
        }
        clusters += [_cluster(linker, scored, threshold) for threshold in THRESHOLDS[1:]]
        queries = " union all ".join(
            f"select source_system, customer_ref, cluster_id as cluster, {threshold}::double as threshold from {name}"
            for name, threshold in zip(clusters, THRESHOLDS, strict=True)
        )
        connection.execute(f"copy ({queries}) to '{found}' (format parquet)")
    out.write_text(json.dumps(measured))


def match(connection: duckdb.DuckDBPyConnection) -> tuple[Any, Any]:
    """Train and predict as the tutorial does; give the linker and the scored pairs."""
    import splink.comparison_library as cl  # noqa: PLC0415
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on  # noqa: PLC0415

    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            cl.NameComparison("first_name"),
            cl.NameComparison("surname"),
            cl.LevenshteinAtThresholds("dob", 1),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            cl.EmailComparison("email"),
        ],
        blocking_rules_to_generate_predictions=[
            block_on(*narrowed(connection, "first_name", "city")),
            block_on(*narrowed(connection, "surname")),
        ],
        retain_intermediate_calculation_columns=True,
        additional_columns_to_retain=["source_system", "customer_ref"],
    )
    linker: Any = Linker(DuckDBAPI(connection).register("person"), settings)
    training = linker.training
    near = " and ".join(f"l.{key} = r.{key}" for key in narrowed(connection, "first_name"))
    certain = [block_on("first_name", "dob"), f"{near} and levenshtein(r.surname, l.surname) <= 2", block_on("email")]
    training.estimate_probability_two_random_records_match(certain, recall=0.7)
    training.estimate_u_using_random_sampling(max_pairs=2e6)
    for rule in (("first_name", "surname"), ("dob",)):
        training.estimate_parameters_using_expectation_maximisation(block_on(*rule))
    return linker, linker.inference.predict(threshold_match_probability=0.1)


def narrowed(connection: duckdb.DuckDBPyConnection, *rule: str) -> tuple[str, ...]:
    """Add the year of birth to a rule that brings too many pairs."""
    known = " and ".join(f"{column} is not null" for column in rule)
    pairs = connection.execute(
        "select sum(held * (held - 1) / 2) from (select count(*) as held from person "
        f"where {known} group by {', '.join(rule)}) as block"
    ).fetchall()[0][0]
    return rule if pairs <= MOST_PAIRS else (*rule, "birth_year")


def _cluster(linker: Any, scored: Any, threshold: float) -> str:
    found = linker.clustering.cluster_pairwise_predictions_at_threshold(scored, threshold_match_probability=threshold)
    return str(found.physical_name)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
