"""Runs the command again and again from one warm process, so that a hundred runs need not import Dagster each.

A script, not a test. A line on standard input is a JSON object of `arguments`, `environment` and `log`; answered are
the process that was forked for it, and, when that has ended, its exit code (negative: the signal that ended it). The
process that forks opens no database and starts no thread, so that what it forks is as good as fresh.
"""

# ruff: noqa: T201, PLC0415 - it answers on standard output, and what is imported when is the point of it

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from typing import Any


def main() -> None:
    from dagster_project.definitions import defs
    from dagster_project.operations import cli, run  # noqa: F401 - imported once, for all that are forked

    defs.resolve_job_def("stella")
    assert threading.active_count() == 1
    print("ready", flush=True)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _work(json.loads(line))
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


def _break(model: str) -> None:
    """Let a model fail, as one does whose SQL has a mistake that only the data bring to light."""
    from dagster_project.operations import dbt
    from dagster_project.settings import get_settings

    (node,) = [node for node in dbt.parse(get_settings()).nodes.values() if node.name == model]
    node.raw_code = f"select * from (\n{node.raw_code}\n) as whole where error('the model is broken') is null"


def _work(order: dict[str, Any]) -> None:
    from dagster_project.operations import cli

    # The static parser of dbt has threads of its own, which a fork does not inherit: it would wait for them for ever.
    os.environ.update({"DBT_STATIC_PARSER": "false"} | order["environment"])
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    if order["breaking"]:
        _break(order["breaking"])
    sys.argv = ["stella", *order["arguments"]]
    code: int | str | None = 1
    try:
        cli.main()
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
