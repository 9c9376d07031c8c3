"""A million customers with twenty million order lines, in ten minutes on 2 cores and 8 GB."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

MINUTES, GIGABYTES = 10, 8
PLAY = """
import json, resource, sys, time
from pathlib import Path
from sources.companies.demo import simulate
clock = time.perf_counter()
rows = simulate("scale", Path(sys.argv[1]) / "landing", Path(sys.argv[1]) / "truth", threads=2)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"rows": rows, "seconds": time.perf_counter() - clock, "peak": peak}))
"""


@pytest.mark.slow
def test_a_million_customers_in_ten_minutes(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", PLAY, str(tmp_path)], capture_output=True, text=True, check=True)
    result = json.loads(done.stdout)
    assert 18e6 < result["rows"]["order_lines"] < 23e6
    assert result["rows"]["customers"] > 1.5e6
    assert result["seconds"] < 60 * MINUTES
    assert result["peak"] < GIGABYTES * 1024**3
