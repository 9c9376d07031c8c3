"""Days taken in again from Dagster: a range of partitions is one run, and touches those days only."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import duckdb
import pytest
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG

from dagster_project.definitions import defs
from dagster_project.defs.backfill import DAYS, FEEDS_OF_EVENTS, backfill
from dagster_project.defs.jobs import MAIN_JOB
from dagster_project.ingestion.loading import load_feed, prepare
from dagster_project.operations.session import Session
from dagster_project.settings import get_settings

COMPANY = "name: shop\nhome_currency: EUR\ntime_zone: Europe/Rome\nlanding: .\nfeeds:\n  order_lines: 'order*.csv'\n"
HEADER = "source_system,order_ref,line_number,product_ref,quantity,net_amount,ordered_at,channel\n"
ROWS = "".join(f"shop,{day},1,P,1,9,2026-01-{day:02},Sportello\n" for day in range(1, 6))


@pytest.fixture
def session(tmp_path: Path) -> Session:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "company.yml").write_text(COMPANY)
    (folder / "orders.csv").write_text(HEADER + ROWS)
    session = Session(get_settings(company=str(folder), home=tmp_path / "home"))
    with session.connection() as connection:
        prepare(connection, session.contracts)
        load_feed(connection, session.settings, session.company, session.contracts["order_lines"])
    (folder / "company.yml").write_text(COMPANY + "codes: {channel: {Sportello: store}}\n")
    return Session(session.settings)


def test_a_range_of_days_is_one_run(session: Session) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            [backfill],
            instance=instance,
            resources={"session": session},
            selection=[dg.AssetKey(["backfill", "order_lines"])],
            tags={ASSET_PARTITION_RANGE_START_TAG: "2026-01-02", ASSET_PARTITION_RANGE_END_TAG: "2026-01-04"},
        )
        assert result.success
        done = instance.get_materialized_partitions(dg.AssetKey(["backfill", "order_lines"]))
    assert done == {"2026-01-02", "2026-01-03", "2026-01-04"}
    with duckdb.connect(str(session.settings.database), read_only=True) as reader:
        newest = "select arg_max(channel, _loaded_at) from raw.order_lines group by order_ref order by order_ref"
        channels = [channel for (channel,) in reader.execute(newest).fetchall()]
    assert channels == ["other", "store", "store", "store", "other"]


def test_every_feed_of_events_has_its_days_and_the_daily_run_leaves_them_alone() -> None:
    assert {"order_lines", "web_events", "contacts"} <= set(FEEDS_OF_EVENTS)
    assert "products" not in FEEDS_OF_EVENTS
    assert backfill.backfill_policy == dg.BackfillPolicy.single_run()
    assert {backfill.specs_by_key[key].partitions_def for key in backfill.keys} == {DAYS}
    job = defs.resolve_job_def(MAIN_JOB)
    assert not {key for key in job.asset_layer.selected_asset_keys if key.path[0] == "backfill"}
    assert job.partitions_def is None
