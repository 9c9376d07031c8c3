"""Fill the landing folder of a simulated company.

A company folder with a `world.yml` is a simulated one: its feeds are drawn from that world. The truth that the world
writes lies beside the landing folder, where no step of the pipeline looks.
"""

from __future__ import annotations

from pathlib import Path

from dagster_project.ingestion.company import Company
from dagster_project.settings import Settings


def fill_landing(settings: Settings, company: Company) -> str:
    """Simulate a simulated company's feeds when its landing folder is empty; say in a few words what was done."""
    landing = company.landing_folder(settings.company_home)
    world = company.folder / "world.yml"
    if not world.is_file():
        return f"as delivered to {landing}"
    if landing.is_dir() and any(landing.iterdir()):
        return "already simulated"
    simulate_into(landing, settings.company_home / "truth", world)
    return "simulated"


def simulate_into(
    landing: Path, truth: Path, profile: Path | None = None, customers: int | None = None, by_day: bool = False
) -> None:
    """Simulate a world of the given profile and size; see `sources.companies.demo.simulate`."""
    from sources.companies.demo import load_profile, simulate  # noqa: PLC0415 - only a simulation needs its world

    simulate(load_profile(profile, customers=customers), landing, truth, by_day=by_day)
