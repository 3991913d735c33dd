"""A company's files are changed while the bot runs: shown, approved and in place at once, or refused as a whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from bizaiops_bot.app import company
from bizaiops_bot.app.reloading import reload_by_signal
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.settings import load_settings
from tests.scenario.conftest import Saved
from tests.support import stores
from tests.support.talk import Shown, Talk
from tests.support.virtual_clock import VirtualClock

COMPANY = """\
people:
  - {id: ines, name: Ines, roles: [engineer]}
  - {id: omar, name: Omar, roles: [engineer, approver]}
"""
SHIPPED = Path(__file__).parents[2] / "deploy" / "policy" / "bizaiops.cedar"
KIM = "  - {id: kim, name: Kim, roles: [approver]}\n"


class Office:
    """A bot and the folder that its owners write in."""

    def __init__(self, talk: Talk, folder: Path) -> None:
        self.talk, self.folder = talk, folder

    def write(self, name: str, text: str) -> None:
        file = self.folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")

    async def says(self, text: str, by: str = "ines") -> Shown:
        return await self.talk.says(text, by=by)

    async def reloads(self) -> Shown:
        """Asked for by Ines, approved by Omar."""
        plan = await self.talk.starts("reload the company", by="ines")
        await plan.click("Approve", by="omar")
        record = await self.talk.finished(plan.run)
        assert record.status == "succeeded", record.error
        return await plan.now()


@pytest.fixture
async def office(founded: Saved, tmp_path: Path) -> AsyncIterator[Office]:
    folder = tmp_path / "company"
    folder.mkdir()
    (folder / "company.yaml").write_text(COMPANY, encoding="utf-8")
    settings = load_settings(company=folder)
    own = {name: value for name, value in settings if name not in ("data", "store", "language", "embedded")}
    stores.copy_company(founded.folder, tmp_path / "data")
    talk = await Talk.begin(tmp_path / "data", VirtualClock(founded.at), more=own)
    yield Office(talk, folder)
    await talk.end()
    stores.drop_company(tmp_path / "data")


async def test_what_would_change_is_shown_before_and_holds_after_it_is_approved(office: Office) -> None:
    office.write("company.yaml", COMPANY + KIM)
    office.write("models/churn.yaml", "owner: care\naliases: [lapse]\nslo: {latency_p95_ms: 60}\n")
    plan = await office.talk.starts("reload the company", by="ines")
    plan.shows(
        "people.kim", "model churn.owner", "as served", "care", "model churn.slo.latency_p95_ms", "150.0", "60.0"
    )
    assert "kim" not in office.talk.bot.core.people

    await plan.click("Approve", by="omar")
    assert (await office.talk.finished(plan.run)).status == "succeeded"
    (await office.says("status of lapse", by="kim")).shows("churn", "owner care")
    (await office.says("limits of churn")).shows("above 60 ms")
    entries = await office.talk.bot.core.ports.records.audit(limit=50)
    (noted,) = [entry for entry in entries if entry.kind == "reload_company"]
    assert noted.actor == "ines" and {line["what"] for line in noted.detail["now"]} >= {
        "people.kim",
        "model churn.owner",
    }


async def test_a_broken_folder_keeps_the_old_one_and_says_why(office: Office) -> None:
    office.write("company.yaml", COMPANY + KIM + "timezone: UTC\n")
    office.write("models/churn.yaml", "ownr: care\n")
    card = await office.says("reload the company")
    card.shows(
        "The company was not reloaded, and stays as it was read",
        "company.yaml:5: timezone: there is no such field; did you mean time_zone?",
        "models/churn.yaml:1: ownr: there is no such field; did you mean owner?",
    )
    assert set(office.talk.bot.core.people) == {"ines", "omar"}
    (await office.says("status churn")).shows("churn serves v1")


async def test_rules_kpis_and_policy_are_taken_over_too(office: Office) -> None:
    office.write(
        "policy/bizaiops.cedar", SHIPPED.read_text(encoding="utf-8").replace('"engineers_change_models"', '"we_change"')
    )
    office.write(
        "kpis/lapses.yaml",
        "id: lapses\nmodel: churn\ntitle: Lapses\nunit: '%'\ndirection: down_is_good\nnumerator: churned\n"
        "denominator: labelled\nscale: 100\n",
    )
    (office.folder / "rules").mkdir()
    plan = await office.talk.starts("reload the company", by="ines")
    plan.shows("policy we_change", "KPI lapses", "KPI churn_rate", "gone")
    await plan.click("Approve", by="omar")
    assert (await office.talk.finished(plan.run)).status == "succeeded"
    core = office.talk.bot.core
    assert [kpi.id for kpi in await core.ports.warehouse.kpis()] == ["lapses"]
    assert await core.ports.records.rules() == []
    (await office.says("what are the kpis of churn?")).shows("Lapses")


async def test_what_needs_a_restart_is_told_and_stays(office: Office) -> None:
    office.write("company.yaml", COMPANY + KIM + "port: 9000\n")
    card = await office.reloads()
    assert "Only a restart changes port." in card.words
    assert office.talk.bot.settings.port == 8642


async def test_a_folder_that_is_changed_after_the_plan_is_not_taken_over(office: Office) -> None:
    office.write("company.yaml", COMPANY + KIM)
    plan = await office.talk.starts("reload the company", by="ines")
    office.write("company.yaml", COMPANY + KIM.replace("[approver]", "[approver, sre]"))
    await plan.click("Approve", by="omar")
    record = await office.talk.finished(plan.run)
    assert record.status == "failed" and "only what was approved is done" in record.error
    assert "kim" not in office.talk.bot.core.people


async def test_nothing_new_is_nothing_to_do(office: Office) -> None:
    (await office.says("reload the company")).shows("There is nothing to reload", "need a restart")


async def test_a_signal_reloads_without_asking_and_home_is_told(office: Office) -> None:
    core = office.talk.bot.core
    office.write("company.yaml", COMPANY + KIM)
    await reload_by_signal(core)
    assert "kim" in core.people
    office.write("company.yaml", "people: nobody\n")
    await reload_by_signal(core)
    assert "kim" in core.people
    told = [card for card in await office.talk.cards() if card.posted.id.startswith("reload-")]
    told[0].shows("The company is reloaded", "people.kim")
    told[1].shows("The company was not reloaded", "company.yaml:1: people")


async def test_it_waits_for_the_answers_that_are_being_made(office: Office) -> None:
    office.write("company.yaml", COMPANY + KIM)
    core = office.talk.bot.core
    seen = await core.folder.changes()
    queue = office.talk.bot.desk.answering.queue
    async with queue.turn():
        late = asyncio.create_task(core.ports.controls.reload_company(seen.digest, actor="omar"))
        for _ in range(50):
            await asyncio.sleep(0.01)
        assert "kim" not in core.people and not late.done()
    await late
    assert "kim" in core.people


async def test_without_a_folder_it_says_so(talk: Talk) -> None:
    (await talk.says("reload the company")).shows("There is no company in files here")


async def test_whose_account_gets_the_roles_is_shown_and_the_audit_keeps_no_address(office: Office) -> None:
    office.write("company.yaml", COMPANY.replace("name: Omar,", "name: Omar, email: eve@else.where, subject: s-17,"))
    plan = await office.talk.starts("reload the company", by="ines")
    plan.shows("people.omar.email", "eve@else.where", "people.omar.subject", "s-17")
    await plan.click("Approve", by="omar")
    assert (await office.talk.finished(plan.run)).status == "succeeded"
    (noted,) = [e for e in await office.talk.bot.core.ports.records.audit(limit=50) if e.kind == "reload_company"]
    assert "people.omar.email" in str(noted.detail) and "eve@" not in str(noted.detail)


async def test_a_new_permit_and_a_rule_that_acts_by_itself_are_read_before_they_are_approved(office: Office) -> None:
    wide = '@id("all_may")\n@why("everything goes")\npermit (principal, action, resource);\n'
    kept = SHIPPED.read_text(encoding="utf-8")
    office.write("policy/bizaiops.cedar", kept + wide)
    shipped_rules = Path(__file__).parents[2] / "playbooks" / "rules"
    for file in shipped_rules.glob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        office.write(f"rules/{file.name}", text.replace("mode: ask", "mode: auto") if "concept" in file.name else text)
    found = await office.talk.bot.core.folder.changes()
    assert [(line.what, line.before, line.after) for line in found.now] == [
        ("policy all_may", "nothing", '@id("all_may")'),
        ("policy all_may", "nothing", '@why("everything goes")'),
        ("policy all_may", "nothing", "permit (principal, action, resource);"),
        ("rule concept_drift_retrains", "mode: ask", "mode: auto"),
    ]
    plan = await office.talk.starts("reload the company", by="ines")
    plan.shows("2 things change", "permit (principal, action, resource);", "mode: auto")


async def test_a_folder_that_breaks_after_it_was_checked_is_taken_over_whole_as_it_was_checked(office: Office) -> None:
    office.write("company.yaml", COMPANY + KIM)
    office.write("models/churn.yaml", "channel: slack:#risk\n")
    core = office.talk.bot.core
    seen = await core.folder.changes()
    async with office.talk.bot.desk.answering.queue.turn():
        late = asyncio.create_task(core.ports.controls.reload_company(seen.digest, actor="omar"))
        for _ in range(50):
            await asyncio.sleep(0.01)
        office.write("models/churn.yaml", "ownr: care\n")
    await late
    assert "kim" in core.people and core.notices.destinations("alert", "churn") == ("slack:#risk",)
    assert [e.actor for e in await core.ports.records.audit(limit=50) if e.kind == "reload_company"] == ["omar"]


async def test_a_folder_that_is_written_while_it_is_read_is_refused(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.write("company.yaml", COMPANY + KIM)
    read_rules = company.own_content.read_rules

    def interrupted(folder: Path) -> object:
        office.write("models/churn.yaml", "owner: care\n")
        return read_rules(folder)

    monkeypatch.setattr(company.own_content, "read_rules", interrupted)
    (await office.says("reload the company")).shows("was not reloaded", "Its folder was changed while it was read")
    assert "kim" not in office.talk.bot.core.people


async def test_with_other_workers_about_it_says_where_it_comes_later(office: Office) -> None:
    office.write("company.yaml", COMPANY + KIM)
    core = office.talk.bot.core
    row = {"host": "elsewhere", "pid": 1, "started": "0", "beat": 4e9}
    others = [{**row, "id": "b", "lost": False}, {**row, "id": "c", "lost": False}, {**row, "id": "d", "lost": True}]
    await core.store.write(lambda conn: conn.execute(sa.insert(t.workers), others))
    card = await office.reloads()
    card.shows("It holds in this worker; 2 others take it over within seconds")
    await core.store.write(
        lambda conn: conn.execute(sa.update(t.workers).where(t.workers.c.pid == 1).values(lost=True))
    )
    office.write("company.yaml", COMPANY)
    assert "take it over" not in (await office.reloads()).words
