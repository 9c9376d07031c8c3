"""Python's garbage collector, held while something is imported that brings hundreds of thousands of lasting objects.

It would look through all of them again and again; that is a fifth of what importing Dagster, dbt and Great
Expectations costs.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def held() -> Iterator[None]:
    """Collect nothing meanwhile; what is there at the end counts as lasting and is not looked through again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()
