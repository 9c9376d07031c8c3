"""Fill the landing folder of the demo company.

The truth that its world writes lies beside the landing folder, where no step of the pipeline looks.
"""

from __future__ import annotations

from pathlib import Path

from dagster_project.ingestion.company import Company
from dagster_project.settings import REPOSITORY, Settings

DEMO = REPOSITORY / "sources" / "companies" / "demo"


def fill_landing(settings: Settings, company: Company) -> str:
    """Simulate the demo's feeds when its landing folder is empty; say in a few words what was done."""
    if settings.company_folder != DEMO:
        return f"as delivered to {company.landing}"
    if settings.landing.is_dir() and any(settings.landing.iterdir()):
        return "already simulated"
    simulate_into(settings.landing, settings.company_home / "truth")
    return "simulated"


def simulate_into(
    landing: Path, truth: Path, profile: Path | None = None, customers: int | None = None, by_day: bool = False
) -> None:
    """Simulate a world of the given profile and size; see `sources.companies.demo.simulate`."""
    from sources.companies.demo import load_profile, simulate  # noqa: PLC0415 - only the demo needs its world

    simulate(load_profile(profile, customers=customers), landing, truth, by_day=by_day)
