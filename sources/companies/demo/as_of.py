"""The truth as of a day: rows and values that were not yet true are left out.

Belongs here: reading the hidden columns of truth tables. Does not belong here: what is true (`truth` and the parts of
the world).

A truth table may carry hidden columns, which are never written:

| column | says |
|---|---|
| `_day` | the day from which the row is true; a row without it always was |
| `_from_x` | the day from which the value of `x` is true; before it stands `_before_x`, or null where there is none |
| `_days_x`, `_values_x` | lists: `x` is the last of the values whose day has come, else `_before_x` |
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sources.companies.demo.codes import Days, Ints, Reals

ROW_DAY = "_day"
_FROM, _BEFORE, _DAYS, _VALUES = "_from_", "_before_", "_days_", "_values_"


def as_of(table: pa.Table, until: int) -> pa.Table:
    """Give what was true at the beginning of day `until`, without hidden columns."""
    if ROW_DAY in table.column_names:
        table = table.filter(pc.less(table.column(ROW_DAY), until))
    hidden = set(table.column_names)
    shown = [name for name in table.column_names if not name.startswith("_")]
    columns = {name: table.column(name) for name in shown}
    for name in shown:
        if _FROM + name in hidden:
            known = pc.less(table.column(_FROM + name), until)
            before = table.column(_BEFORE + name) if _BEFORE + name in hidden else pa.scalar(None, columns[name].type)
            columns[name] = pc.if_else(known, columns[name], before)
        elif _DAYS + name in hidden:
            columns[name] = _latest(table, name, until)
    return pa.table(columns, schema=pa.schema([table.schema.field(name) for name in shown]))


def timeline(name: str, row: Ints, day: Days, value: Reals | Ints, count: int) -> dict[str, pa.Array]:
    """Give the hidden columns of a value that changes.

    Args:
        name: the column.
        row: row of the table to which each change belongs, in ascending order.
        day: day of each change, in ascending order within a row.
        value: the value from then on.
        count: number of rows of the table.
    """
    offsets = pa.array(np.searchsorted(row, np.arange(count + 1)).astype(np.int32))
    days, values = (pa.ListArray.from_arrays(offsets, pa.array(column)) for column in (day, value))
    return {_DAYS + name: days, _VALUES + name: values}


def _latest(table: pa.Table, name: str, until: int) -> pa.Array:
    days, values = (table.column(prefix + name).combine_chunks() for prefix in (_DAYS, _VALUES))
    offsets = days.offsets.to_numpy().astype(np.int64)
    come = np.concatenate(([0], np.cumsum(days.values.to_numpy() < until)))
    count = come[offsets[1:]] - come[offsets[:-1]]
    place = np.where(count > 0, offsets[:-1] + count - 1, 0)
    latest = values.values.take(pa.array(place, mask=count == 0))
    return pc.coalesce(latest, table.column(_BEFORE + name).combine_chunks())
