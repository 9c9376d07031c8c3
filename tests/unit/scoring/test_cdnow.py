"""The published fits on the CDNOW sample: Fader, Hardie & Lee (2005), table 2; Fader & Hardie (2013), section 3."""

from __future__ import annotations

from datetime import date
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pytest

from dagster_project.scoring import ScoreReport, score_customers
from tests.unit.scoring.warehouse_tables import create_warehouse


@pytest.fixture(scope="module")
def report() -> ScoreReport:
    package = find_spec("lifetimes")
    if package is None or not package.submodule_search_locations:
        pytest.skip("The CDNOW file is in the package lifetimes, which is not installed.")
    file = Path(package.submodule_search_locations[0]) / "datasets" / "CDNOW_sample.txt"
    connection = duckdb.connect()
    create_warehouse(connection)
    connection.execute(
        """insert into warehouse.fct_order_line by name
        with line as (
            select string_split(regexp_replace(trim(text), ' +', ' ', 'g'), ' ') as part
            from read_csv(?, header = false, columns = {'text': 'varchar'}, delim = '|') as file
        )
        select cast(part[2] as bigint) as customer_id, cast(part[3] as integer) as order_date_key,
            false as is_cancelled, cast(part[4] as decimal(18,4)) as quantity,
            cast(part[5] as decimal(18,4)) as net_amount
        from line""",
        [str(file)],
    )
    return score_customers(connection, date(1997, 10, 1))


def test_bg_nbd_comes_out_as_published(report: ScoreReport) -> None:
    fit = report.models[0]
    published = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
    assert fit.parameters == pytest.approx(published, abs=0.001)
    assert fit.log_likelihood == pytest.approx(-9582.4, abs=0.1)
    assert report.rows["score_customer_activity"] == 2357


def test_gamma_gamma_comes_out_as_published(report: ScoreReport) -> None:
    fit = report.models[1]
    assert fit.parameters == pytest.approx({"p": 6.25, "q": 3.74, "v": 15.44}, abs=0.005)
    assert fit.start_count == fit.agreeing_starts


def test_the_scores_beat_the_naive_rules(report: ScoreReport) -> None:
    assert report.backtest["is_better"].astype(bool).mean() > 0.9
