"""Data Docs: Great Expectations' own pages, made to open without a network, and one index over them.

Belongs here: turning results into files. Great Expectations renders; its templates fetch style sheets, scripts, fonts
and an advertisement from the net, so all that is taken out and `validation_docs.css` put in its place. Pages of
earlier runs stay; the index is rebuilt from `batches.jsonl` beside it.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dagster_project.ingestion.validation_batch import Batch

STYLE = Path(__file__).with_name("validation_docs.css")
_LEDGER = "batches.jsonl"
_FETCHED = re.compile(
    r"<script\b.*?</script>|<link\b[^>]*>|<img\b[^>]*>|<footer>.*?</footer>|<title>\s*</title>|<style\b.*?</style>",
    re.DOTALL,
)
_ACTIONS = re.compile(r'<div class="card mb-3">\s*<div class="card-header p-2">\s*<strong>Actions</strong>.*?'
                      r'(?=<div class="card d-md-block d-none")', re.DOTALL)  # fmt: skip
_SUITE_LINK = re.compile(r'<a href="[^"]*expectations/[^"]*"\s*>(.*?)</a>', re.DOTALL)
_OUTWARD = re.compile(r'<a\b[^>]*href="https?://[^"]*"[^>]*>(.*?)</a>', re.DOTALL)


@dataclass(frozen=True)
class Page:
    """What a page shows: a batch, how many rows it has, how many were looked at if not all, and the evaluations."""

    batch: Batch
    rows: int
    sampled: int | None
    blocking: bool
    evaluated: list[Any]


def write(folder: Path, company: str, pages: list[Page]) -> Path:
    """Write one page a batch and the index over all batches, newest first; give the index's path."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "style.css").write_text(STYLE.read_text("utf-8"), "utf-8")
    view = _view() if pages else None
    for page in pages:
        target = folder / _address(page)
        target.parent.mkdir(exist_ok=True)
        target.write_text(_page(page, view), "utf-8")
    entries = {entry["page"]: entry for entry in [*_ledger(folder), *map(_entry, pages)]}
    newest_first = sorted(entries.values(), key=lambda e: (e["batch"], e["feed"]), reverse=True)
    (folder / _LEDGER).write_text("".join(json.dumps(entry) + "\n" for entry in newest_first), "utf-8")
    index = folder / "index.html"
    index.write_text(_index(company, newest_first), "utf-8")
    return index


def _address(page: Page) -> str:
    return f"{page.batch.feed}/{page.batch.batch_id}.html"


def _ledger(folder: Path) -> list[dict[str, Any]]:
    kept = folder / _LEDGER
    if not kept.is_file():
        return []
    return [json.loads(line) for line in kept.read_text("utf-8").splitlines()]


def _entry(page: Page) -> dict[str, Any]:
    return {
        "feed": page.batch.feed,
        "batch": page.batch.batch_id,
        "loaded_at": page.batch.loaded_at.strftime("%Y-%m-%d %H:%M"),
        "rows": page.rows,
        "refused": page.batch.rows_quarantined,
        "sampled": page.sampled,
        "checks": len(page.evaluated),
        "failed": sum(not e.success for e in page.evaluated),
        "blocking": page.blocking,
        "page": _address(page),
    }


def _view() -> Any:
    """Open Great Expectations' templates; each is compiled once, so one view serves all pages."""
    from great_expectations.render.view import DefaultJinjaPageView  # noqa: PLC0415

    return DefaultJinjaPageView()


def _page(page: Page, view: Any) -> str:
    """Have Great Expectations render a batch's results, and take out what it would fetch."""
    import great_expectations  # noqa: PLC0415 - takes seconds; only a run that validates pays
    from great_expectations.core.expectation_validation_result import (  # noqa: PLC0415
        ExpectationSuiteValidationResult,
    )
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer  # noqa: PLC0415

    passed = sum(bool(e.success) for e in page.evaluated)
    looked_at = "all" if page.sampled is None else f"a random sample of {page.sampled:,}"
    result = ExpectationSuiteValidationResult(
        success=passed == len(page.evaluated),
        results=page.evaluated,
        suite_name=page.batch.feed,
        statistics={
            "evaluated_expectations": len(page.evaluated),
            "successful_expectations": passed,
            "unsuccessful_expectations": len(page.evaluated) - passed,
            "success_percent": 100 * passed / max(len(page.evaluated), 1),
        },
        meta={
            "great_expectations_version": great_expectations.__version__,
            "run_id": {"run_name": page.batch.batch_id, "run_time": page.batch.loaded_at.isoformat()},
            "batch_spec": {
                "data_asset_name": page.batch.feed,
                "rows": f"{page.rows:,} accepted, {page.batch.rows_quarantined:,} refused; {looked_at} looked at",
            },
        },
    )
    document = ValidationResultsPageRenderer(run_info_at_end=False).render(result)
    return offline(view.render(document), page.batch.feed)


def offline(page: str, title: str) -> str:
    """Take out of a page everything that a browser would fetch or send elsewhere; put the local style in."""
    page = _FETCHED.sub("", page)
    page = _ACTIONS.sub("", page)
    page = _SUITE_LINK.sub(r"\1", page)
    page = _OUTWARD.sub(r"\1", page)
    page = page.replace("../../../../index.html", "../index.html")
    page = page.replace("Data documentation compiled by Great Expectations", f"{html.escape(title)} · Stella Data Docs")
    return page.replace("</head>", '<link rel="stylesheet" href="../style.css"></head>', 1)


def _index(company: str, entries: list[dict[str, Any]]) -> str:
    rows = "\n".join(_index_row(entry) for entry in entries)
    title = f"Data Docs · {html.escape(company)}"
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><link rel="stylesheet" href="style.css"></head>
<body><div class="container-fluid index"><h4>{title}</h4>
<p class="lead">What Great Expectations found in each batch on its way in, newest first.</p>
<table class="table"><thead><tr><th>Status</th><th>Feed</th><th>Loaded (UTC)</th>
<th class="number">Rows</th><th class="number">Refused</th><th class="number">Checks</th><th class="number">Failed</th>
<th>Looked at</th></tr></thead>
<tbody>
{rows}
</tbody></table></div></body></html>
"""


def _index_row(entry: dict[str, Any]) -> str:
    status, colour = ("stopped", "danger") if entry["blocking"] else ("warning", "warning")
    if not entry["failed"]:
        status, colour = "passed", "success"
    looked_at = "all rows" if entry["sampled"] is None else f"sample of {entry['sampled']:,}"
    counts = "".join(f'<td class="number">{entry[key]:,}</td>' for key in ("rows", "refused", "checks", "failed"))
    return (
        f'<tr><td><span class="badge badge-{colour}">{status}</span></td>'
        f'<td><a href="{html.escape(entry["page"])}">{html.escape(entry["feed"])}</a></td>'
        f"<td>{html.escape(entry['loaded_at'])}</td>{counts}<td>{looked_at}</td></tr>"
    )
