from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import yaml

from sources.companies.demo.feed_shapes import DAY, FEEDS, KEYS, feed_table, schema

CONTRACTS = sorted((Path(__file__).parents[3] / "sources" / "contracts").glob("*/*.yml"))


def _properties(feed: str) -> list[dict[str, object]]:
    (path,) = [path for path in CONTRACTS if path.stem == feed]
    listed: list[dict[str, object]] = yaml.safe_load(path.read_text())["schema"][0]["properties"]
    return listed


def test_every_contract_has_a_feed() -> None:
    assert sorted(FEEDS) == [path.stem for path in sorted(CONTRACTS, key=lambda path: path.stem)]
    assert len(FEEDS) == 26


@pytest.mark.parametrize("feed", FEEDS)
def test_columns_are_the_contracts_in_its_order(feed: str) -> None:
    assert schema(feed).names == [p["name"] for p in _properties(feed)]


@pytest.mark.parametrize("feed", FEEDS)
def test_keys_are_the_contracts(feed: str) -> None:
    keyed = sorted((p["primaryKeyPosition"], p["name"]) for p in _properties(feed) if "primaryKeyPosition" in p)
    assert set(KEYS[feed]) == {name for _, name in keyed}


@pytest.mark.parametrize("feed", FEEDS)
def test_types_are_the_contracts(feed: str) -> None:
    logical = {
        "string": pa.string(), "number": pa.float64(), "integer": pa.int64(), "boolean": pa.bool_(),
        "date": pa.date32(), "timestamp": pa.timestamp("s", tz="UTC"), "array": pa.list_(pa.string()),
        "object": pa.string(),
    }  # fmt: skip
    assert list(schema(feed).types) == [logical[str(p["logicalType"])] for p in _properties(feed)]


def test_feed_table_fills_what_is_not_given() -> None:
    table = feed_table("agents", np.array([3, 4]), agent_ref=["a", "b"], hired_on=np.array([0, 1]))
    assert table.column("name").null_count == 2
    assert table.column(DAY).to_pylist() == [3, 4]
    assert str(table.column("hired_on")[1]) == "1970-01-02"


def test_feed_table_refuses_a_column_that_the_feed_does_not_have() -> None:
    with pytest.raises(KeyError, match="agents has no column height"):
        feed_table("agents", np.array([3]), height=[180])
