"""A tiny company that has been run once, and the process that forks its runs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from dagster_project.operations.demo import simulate_into
from tests.faults.runner import Forker, Shop, Undisturbed, built
from tests.integration.runs import DEMO, content, small_world

PERSONS = 100
# Of so few customers something is learnt, and a plan worth sending comes of it, only where contacts cost little, do
# much, and are given to all but the controls.
CONTACTS = {
    "reference_persons": PERSONS,
    "largest_effect": 0.9,
    "channels": {channel: {"fixed_cost": 0} for channel in ("email", "app")},
}
CAMPAIGN = {
    "channels": ["email", "app"], "eligibility": "all", "base_effect": 0.6, "drift": 0, "random_share": 1,
    "contact_share": 1, "control_pct": 40, "offer_value": 5,
}  # fmt: skip
PLANS = ("campaigns", "campaign_channels")
FEEDS = (
    "order_lines", "returns", "customers", "products", "campaigns", "campaign_channels", "campaign_contacts",
    "campaign_responses", "consents", "contacts", "loyalty_entries",
)  # fmt: skip


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The company with its landing folder filled; today's are the last tenth of each text file, and the late files."""
    root = tmp_path_factory.mktemp("faults")
    company = small_world(root / "companies", PERSONS)
    world = yaml.safe_load((company / "world.yml").read_text())
    campaigns = [
        campaign if campaign["eligibility"] == "prospects" else campaign | CAMPAIGN
        for campaign in yaml.safe_load((DEMO / "world.yml").read_text())["campaigns"]
    ]
    (company / "world.yml").write_text(yaml.safe_dump(world | {"contacts": CONTACTS, "campaigns": campaigns}))
    described = yaml.safe_load((company / "company.yml").read_text())
    described["feeds"] = {feed: described["feeds"][feed] for feed in FEEDS}
    (company / "company.yml").write_text(yaml.safe_dump(described))
    shop = Shop(company, root / "home", root / "kept", root / "today")
    simulate_into(shop.folder / "landing", root / "truth", company / "world.yml")
    for feed in (shop.folder / "landing" / name for name in FEEDS):
        first, *late = sorted(path for path in feed.iterdir() if path.is_file())
        today = shop.today / feed.name
        today.mkdir(parents=True)
        for path in late:
            shutil.move(path, today)
        if first.suffix in {".csv", ".jsonl"} and feed.name not in PLANS:
            _cut(first, today / f"today{first.suffix}")
    return shop


def _cut(path: Path, today: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    head = lines[:1] if path.suffix == ".csv" else []
    at = len(lines) - len(lines) // 10
    if at < len(lines):
        path.write_bytes(b"".join(lines[:at]))
        today.write_bytes(b"".join(head + lines[at:]))


@pytest.fixture(scope="session")
def forker(shop: Shop) -> Iterator[Forker]:
    with Forker(shop) as forker:
        yield forker


@pytest.fixture(scope="session")
def first(shop: Shop, forker: Forker) -> Undisturbed:
    """What the first run comes to when nothing befalls it; the folder is kept as it leaves it."""
    found = _run(shop, forker)
    shutil.copytree(shop.folder, shop.kept, symlinks=True)
    return found


@pytest.fixture(scope="session")
def undisturbed(shop: Shop, forker: Forker, first: Undisturbed) -> Undisturbed:
    """What a run over today's files comes to when nothing befalls it."""
    shop.restore()
    found = _run(shop, forker)
    assert found.after["warehouse.fct_order_line"][0] > first.after["warehouse.fct_order_line"][0]
    return found


def _run(shop: Shop, forker: Forker) -> Undisturbed:
    before = content(shop.published) if shop.published.exists() else None
    code, said = forker.run("run")
    assert code in {0, 3}, said
    after = content(shop.published)
    assert after["decisions.contact_plan"][0] > 10
    return Undisturbed(before, after, built(shop.database), shop.outbox(), forker.steps(), code)
