"""How often an asset must be made anew: as the contracts of the feeds behind it promise. Dagster shows and judges it.

Dagster's policies look at when an asset was made; how old its newest record is, the feed's own check tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any

import dagster as dg

from dagster_project.ingestion.company import load_company
from dagster_project.ingestion.contracts import load_contracts
from dagster_project.operations.session import CONTRACTS
from dagster_project.settings import get_settings

Policy = dg.FreshnessPolicy


@cache
def promises() -> Mapping[str, timedelta]:
    """Give by feed of the company what its contract promises; nothing where the company's records have ended."""
    company = load_company(get_settings().company_folder)
    if company.is_historical:
        return {}
    contracts = {feed: contract for feed, contract in load_contracts(CONTRACTS).items() if feed in company.feeds}
    return {feed: contract.fresh_within for feed, contract in contracts.items() if contract.fresh_within}


def policy_of_feed(feed: str) -> Policy | None:
    """Give the policy of a feed."""
    promised = promises().get(feed)
    return Policy.time_window(fail_window=promised) if promised else None


def policy_of_mart(manifest: Mapping[str, Any], unique_id: str) -> Policy | None:
    """Give the policy of a model: the tightest promise of the feeds behind it."""
    found = [promises()[feed] for feed in feeds_behind(manifest, unique_id) if feed in promises()]
    return Policy.time_window(fail_window=min(found)) if found else None


def feeds_behind(manifest: Mapping[str, Any], unique_id: str) -> set[str]:
    """Name the feeds that a model draws on, over however many models between."""
    feeds: set[str] = set()
    waiting, seen = [unique_id], {unique_id}
    while waiting:
        for parent in manifest["parent_map"].get(waiting.pop(), ()):
            if parent in seen:
                continue
            seen.add(parent)
            waiting.append(parent)
            source = manifest["sources"].get(parent)
            if source and source["schema"] == "raw":
                feeds.add(source["name"])
    return feeds
