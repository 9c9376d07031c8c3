"""Fill the landing folder of a simulated company, and let its world live on.

A company folder with a `world.yml` is a simulated one: its feeds are drawn from that world. The truth that the world
writes lies beside the landing folder, where no step of the pipeline looks.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from dagster_project.ingestion.company import Company
from dagster_project.settings import Settings, StellaError

DAYS_AHEAD = 28
"""Days that are played beyond the one wanted when a world is told day by day, so that the next ones come at once."""
_TOLD = ("campaign_contacts", "campaign_responses", "order_lines", "consents")


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


def simulate_days(
    profile: Path, customers: int, share: float, landing: Path, to_come: Path, truth: Path, days: int = 1
) -> date:
    """Simulate a share of a world's history into `landing`; the days after it into `to_come`, a file a feed and day.

    Returns:
        The first of those days.
    """
    from sources.companies.demo import load_profile, simulate  # noqa: PLC0415 - see above

    world = load_profile(profile, customers=customers)
    first = world.start + timedelta(days=round((world.end - world.start).days * share) - days)
    simulate(world, landing, truth, until=first)
    simulate(world, to_come, truth, until=first + timedelta(days=days), since=first, by_day=True)
    return first


def simulate_until(
    landing: Path, truth: Path, until: date, profile: Path | None = None, customers: int | None = None,
    *, by_day: bool = False, ahead: int = DAYS_AHEAD,
) -> str:  # fmt: skip
    """Simulate a world up to a day, or let the one that is there live on to it; say what was written.

    Raises:
        StellaError: the world that is there is another one than the one asked for.
    """
    from sources.companies.demo import advance, load_profile, simulate, stopped_at  # noqa: PLC0415 - see above

    if not (truth / "world.json").is_file():
        wanted = load_profile(profile, customers=customers)
        rows = simulate(wanted, landing, truth, until, by_day=by_day, ahead=ahead)
        return f"Simulated {sum(rows.values())} rows up to {until}."
    there, since = stopped_at(truth)
    if (profile is not None or customers is not None) and load_profile(profile, customers=customers) != there:
        raise StellaError(f"{truth} holds another world than this profile's: continue without one, or choose a folder.")
    rows = advance(landing, truth, until, by_day=by_day, ahead=ahead)
    if until <= since:
        return f"The world has already come to {since}."
    return f"Added {sum(rows.values())} rows of {since} up to {until}."


def respond_to_plan(
    settings: Settings, company: Company, plan: Path | None = None, until: date | None = None, *, by_day: bool = False
) -> str:
    """Let a simulated company's customers answer a contact plan, and time go on; say what came of it.

    Args:
        settings: the installation.
        company: a simulated company whose feeds have been simulated.
        plan: a CSV or Parquet file with the columns of `decisions.contact_plan`; by default the newest published plan.
        until: day after the last one played; when the plan's response windows are over if not given.
        by_day: one file a feed and day.

    Raises:
        StellaError: the company is not simulated, nothing is published, or the plan cannot be carried out.
    """
    from sources.companies.demo import respond, stopped_at  # noqa: PLC0415 - only a simulation needs its world

    if not (company.folder / "world.yml").is_file():
        raise StellaError(f"{company.name} is not simulated (no world.yml in {company.folder}): nobody answers a plan.")
    landing, truth = company.landing_folder(settings.company_home), settings.company_home / "truth"
    contacts = plan if plan is not None else _published_plan(settings)
    rows = respond(contacts, landing, truth, until, by_day=by_day)
    day = stopped_at(truth)[1]
    told = ", ".join(f"{rows[feed]} {feed}" for feed in _TOLD)
    return (
        f"The world has lived on to {day}: {told}. What plans have truly added stands in {truth}/plan_profit.parquet. "
        f"Load what came in: AS_OF={day} stella run"
    )


def _published_plan(settings: Settings) -> pa.Table:
    """Read the newest plan with its controls: nobody sends them, but the answer must know who was held out."""
    path = settings.published / "stella.duckdb"
    if not path.exists():
        raise StellaError(f"{path}: nothing is published, so there is no plan. Run `stella run`, or give --plan.")
    with duckdb.connect(str(path.resolve()), read_only=True) as reader:
        return reader.execute(
            "select source_system, customer_ref, campaign_ref, channel_code, planned_on, planned_hour, is_control,"
            " plan_ref from decisions.contact_plan"
            " where as_of_date = (select max(as_of_date) from decisions.contact_plan)"
            " order by plan_ref"
        ).to_arrow_table()
