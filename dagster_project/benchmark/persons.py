"""Records of the simulated company's customers in any number, and whose each of them is.

Belongs here: the registry alone, as staging has it, without the rest of the customers' lives. Does not belong here: how
persons, families and slips are drawn (`sources.companies.demo`).
"""

from __future__ import annotations

import math
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from dagster_project.settings import StellaError

_SPARE = 1.15  # some persons have not arrived yet, some accounts are not open yet
_WRITE = """
copy (
    select * exclude (updated_at, _day, country), country as country_code from drawn
    qualify row_number() over (partition by source_system, customer_ref order by updated_at desc) = 1
    order by hash(source_system, customer_ref)
    limit {size}
) to '{path}' (format parquet)
"""


def write_persons(records: Path, truth: Path, size: int, profile: Path) -> None:
    """Write so many customer records as Parquet, in no telling order, and to another file whose they are.

    `records` has the columns of `staging.stg_customers`; `truth` has source_system, customer_ref, person_id.

    Raises:
        StellaError: the profile's world has fewer records than a person should have accounts.
    """
    from sources.companies.demo import load_profile  # noqa: PLC0415 - only a simulation needs its world
    from sources.companies.demo.records import draw_records  # noqa: PLC0415
    from sources.companies.demo.registry import customers  # noqa: PLC0415
    from sources.companies.demo.simulation import chunks, set_scene  # noqa: PLC0415

    weights = np.array(load_profile(profile).records.count_weights)
    a_person = float(weights @ np.arange(1, len(weights) + 1) / weights.sum())
    world = load_profile(profile, customers=math.ceil(_SPARE * size / a_person))
    scene, _ = set_scene(world, world.end)
    tables, whose = [], []
    for lo, hi in chunks(scene):
        drawn = draw_records(scene, lo, hi)
        tables.append(customers(scene, drawn))
        whose.append(pa.table({"customer_ref": drawn.ref, "person_id": drawn.person}))
    with duckdb.connect() as writer:
        writer.register("drawn", pa.concat_tables(tables))
        writer.execute(_WRITE.format(size=size, path=records))
        writer.register("whose", pa.concat_tables(whose))
        written = writer.execute(
            f"copy (select source_system, customer_ref, person_id from '{records}' inner join whose using "
            f"(customer_ref)) to '{truth}' (format parquet)"
        ).fetchall()[0][0]
    if written != size:
        raise StellaError(f"bench: {profile} has {written:,} records of customers, not {size:,}.")
