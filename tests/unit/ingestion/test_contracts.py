# ruff: noqa: E501 - a row of a table of cases is easier read on one line
from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from dagster_project.ingestion.contracts import CONTRACTS, Contract, load_contracts
from dagster_project.settings import StellaError

# The feeds' columns as they are promised to companies outside this repository: `*` required, `_` key (which is required
# unless `_?`). A change here breaks them.
PROMISED = {
    "registry/customers": "_source_system _customer_ref updated_at party_type full_name given_name family_name"
    " organisation_name tax_code birth_date gender email phone street city postcode region country language time_zone"
    " registered_at acquisition_channel acquisition_partner_ref acquisition_campaign_ref interests attributes is_deleted",
    "registry/consents": "_source_system _customer_ref _channel _purpose _effective_at *status evidence",
    "registry/products": "_product_ref updated_at name brand department category subcategory unit_cost list_price"
    " currency supplier is_active",
    "registry/campaigns": "_campaign_ref updated_at name objective *starts_on *ends_on offer_kind offer_value"
    " coupon_code target_category eligibility budget currency control_pct message_template status",
    "registry/campaign_channels": "_campaign_ref _channel unit_cost fixed_cost capacity_per_day",
    "registry/partners": "_partner_ref updated_at name kind commission_pct country",
    "registry/agents": "_agent_ref updated_at name team hired_on",
    "registry/stores": "_store_ref updated_at name city postcode country time_zone",
    "registry/leads": "_source_system _lead_ref updated_at full_name organisation_name email phone country"
    " source_channel campaign_ref partner_ref *created_at interests attributes",
    "registry/social_accounts": "_platform _handle updated_at source_system customer_ref display_name bio email"
    " followers following account_kind created_at",
    "transactions/order_lines": "_source_system _order_ref _line_number updated_at customer_ref visitor_ref"
    " *product_ref *quantity unit_price discount_amount tax_amount net_amount unit_cost currency *ordered_at channel"
    " store_ref partner_ref agent_ref coupon_code campaign_ref payment_method status",
    "transactions/returns": "_source_system _return_ref _line_number order_ref customer_ref *product_ref *quantity"
    " *amount currency *returned_at reason",
    "transactions/loyalty_entries": "_source_system _entry_ref *customer_ref *kind *points *occurred_at order_ref"
    " reward referred_customer_ref",
    "transactions/opportunity_stages": "_source_system _opportunity_ref _stage _entered_at lead_ref customer_ref"
    " amount currency agent_ref campaign_ref order_ref",
    "touchpoints/web_events": "_event_ref *visitor_ref source_system customer_ref *occurred_at *event_type page_url"
    " referrer_url utm_source utm_medium utm_campaign product_ref search_term order_ref device_type country"
    " duration_ms",
    "touchpoints/contacts": "_contact_ref source_system customer_ref email phone handle visitor_ref *channel"
    " *direction purpose *occurred_at ended_at agent_ref partner_ref campaign_ref outcome cost currency",
    "touchpoints/campaign_contacts": "_contact_ref *campaign_ref source_system *customer_ref channel variant"
    " is_control *sent_at cost currency plan_ref",
    "touchpoints/campaign_responses": "_response_ref contact_ref campaign_ref source_system customer_ref *response"
    " *responded_at coupon_code order_ref",
    "touchpoints/service_cases": "_source_system _case_ref updated_at customer_ref email phone handle platform"
    " *channel *opened_at first_response_at resolved_at topic product_ref order_ref severity is_complaint"
    " satisfaction_score recommend_score agent_ref text",
    "touchpoints/social_posts": "_platform _post_ref *handle *posted_at *kind in_reply_to target_handle topics text"
    " likes shares replies coupon_code",
    "touchpoints/social_follows": "_platform _follower_handle _followed_handle followed_at unfollowed_at",
    "touchpoints/device_signals": "_device_ref _occurred_at _signal source_system customer_ref product_ref value",
    "external/exchange_rates": "_currency _rate_date *rate_to_home",
    "external/market_benchmarks": "_metric _period_start _?region _?category *value",
    "external/area_demographics": "_country _postcode households median_income attributes",
    "external/calendar_events": "_country _event_date _name is_public_holiday",
}
CODES = {
    "customers.party_type": "person organisation",
    "consents.status": "opt_in opt_out",
    "campaigns.objective": "acquire retain cross_sell up_sell win_back care loyalty",
    "campaigns.offer_kind": "discount_pct discount_amount gift points information",
    "campaigns.status": "planned running done",
    "social_accounts.account_kind": "person own competitor",
    "order_lines.status": "completed cancelled",
    "loyalty_entries.kind": "earn redeem expire referral adjust",
    "web_events.event_type": "page_view product_view search add_to_cart begin_checkout purchase register login download"
    " play listen share",
    "contacts.direction": "inbound outbound",
    "campaign_responses.response": "delivered bounced opened clicked visited redeemed accepted declined complained"
    " unsubscribed",
    "service_cases.severity": "low normal high",
    "social_posts.kind": "post reply share like review mention join",
    "order_lines.channel": "call_centre web email post fax face_to_face sms app community social machine partner store"
    " advertising other",
}


def test_every_feed_keeps_what_is_promised_to_companies(contracts: dict[str, Contract]) -> None:
    written = {
        f"{c.kind}/{c.feed}": " ".join(
            ("_" if col.required else "_?") + col.name if col.key_position else ("*" if col.required else "") + col.name
            for col in c.columns
        )
        for c in contracts.values()
    }
    assert written == PROMISED


@pytest.mark.parametrize(("column", "codes"), CODES.items())
def test_codes_are_those_promised(contracts: dict[str, Contract], column: str, codes: str) -> None:
    feed, _, name = column.partition(".")
    found = contracts[feed].column(name)
    assert " ".join(found.values or (found.code_list.values if found.code_list else ())) == codes


def test_only_order_lines_is_required(contracts: dict[str, Contract]) -> None:
    assert [feed for feed, contract in contracts.items() if contract.is_required] == ["order_lines"]


def test_what_names_a_person_is_private(contracts: dict[str, Contract]) -> None:
    private = contracts["customers"].personal_columns
    assert {"full_name", "email", "phone", "street", "birth_date", "tax_code", "attributes"} <= private
    assert contracts["customers"].column("tax_code").privacy == "sensitive"
    assert not {"source_system", "customer_ref", "country"} & private


def test_contract_tells_its_key_freshness_and_money(contracts: dict[str, Contract]) -> None:
    orders = contracts["order_lines"]
    assert orders.keys == ("source_system", "order_ref", "line_number")
    assert (orders.fresh_column, orders.fresh_within) == ("ordered_at", timedelta(days=2))
    assert orders.money == ("net_amount",)
    assert orders.blocking == {"refused_share"}
    assert contracts["exchange_rates"].column("rate_to_home").sql_type == "DECIMAL(18,8)"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CONTRACTS, tmp_path / "contracts"))


@pytest.mark.parametrize(
    ("feed", "old", "new", "message"),
    [
        ("registry/agents", "logicalType: date", "logicalTyp: date", "unknown key 'logicalTyp'. Did you mean 'logicalType'?"),
        ("registry/agents", "logicalType: date", "logicalType: dat", "logicalType: Input should be"),
        ("registry/agents", "name: agents\nversion", "name: agent\nversion", "is not the name of the file"),
        ("registry/agents", "apiVersion: v3.1.0", "apiVersion: v2", "apiVersion"),
        ("registry/agents", "primaryKeyPosition: 1", "primaryKeyPosition: 2", "must count 1, 2, 3"),
        ("registry/agents", "classification: personal", "clasification: personal", "Did you mean 'classification'?"),
        ("registry/agents", "name: team", "name: name", "is there twice"),
        ("registry/stores", "value: time_zone", "value: time_zones", "unknown code list 'time_zones'. Did you mean 'time_zone'?"),
        ("registry/leads", "to: partners.partner_ref", "to: partner.partner_ref", "names no feed. Did you mean 'partners'?"),
        ("registry/leads", "to: partners.partner_ref", "to: partners.ref", "has no such column"),
        ("registry/leads", "property: eventTime, value: created_at", "property: eventTime, value: created", "created_at"),
        ("registry/leads", "property: eventTime", "property: eventTimes", "Did you mean 'eventTime'?"),
        ("registry/leads", "ragged: refuse_row", "ragged: refuse", "is none of refuse_row"),
        ("transactions/order_lines", "query: net_amount is not null", "query: net_amnt is not null", "names the column"),
        ("transactions/order_lines", "query: net_amount is not null", "query: (net_amount is not null", "is not a SQL expression"),
        ("transactions/order_lines", "name: order_lines\nversion", "name: order_lines\nname: x\nversion", "already said on"),
    ],
)  # fmt: skip
def test_broken_contract_is_told_with_file_and_line(copy: Path, feed: str, old: str, new: str, message: str) -> None:
    path = copy / f"{feed}.yml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(StellaError) as fault:
        load_contracts(copy)
    said = str(fault.value)
    assert f"{path}, line " in said
    assert message in said


def test_line_of_a_broken_contract_is_the_right_one(copy: Path) -> None:
    path = copy / "registry/agents.yml"
    lines = path.read_text().splitlines()
    number = next(n for n, line in enumerate(lines, start=1) if "name: team" in line)
    path.write_text("\n".join(lines).replace("name: team, logicalType: string", "name: team, logicalType: text"))
    with pytest.raises(StellaError, match=rf"agents\.yml, line {number}: "):
        load_contracts(copy)


def test_contract_that_is_not_yaml_is_told(copy: Path) -> None:
    (copy / "registry/agents.yml").write_text("apiVersion: [v3.1.0\nkind: x\n")
    with pytest.raises(StellaError, match=r"agents\.yml, line 2: not valid YAML"):
        load_contracts(copy)


def test_folder_without_contracts_is_told(tmp_path: Path) -> None:
    (tmp_path / "codes.yml").write_text("{}")
    with pytest.raises(StellaError, match="no contract there"):
        load_contracts(tmp_path)


def test_code_list_with_an_unknown_default_is_told(copy: Path) -> None:
    path = copy / "codes.yml"
    path.write_text(path.read_text().replace("unknown: other", "unknown: others"))
    with pytest.raises(StellaError, match=r"codes\.yml, line \d+: channel: 'others' is not among its values"):
        load_contracts(copy)


def test_they_are_read_once_as_long_as_no_file_changes(copy: Path) -> None:
    first, again = load_contracts(copy), load_contracts(copy)
    assert again is not first
    assert all(again[feed] is contract for feed, contract in first.items())
    file = first["order_lines"].path
    file.write_text(file.read_text().replace("required: true", "required:  true", 1))
    assert load_contracts(copy)["order_lines"] is not first["order_lines"]
