"""What a program that drives the bot over REST may rely on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import SecretStr

from bizaiops_bot.domain.readiness import Readiness, Report
from bizaiops_bot.surfaces.console.app import create_app
from bizaiops_bot.surfaces.tokens import by_token
from tests.support.fake_desk import FakeDesk
from tests.support.sample_cards import verdict_card
from tests.support.site import local_client, running_site

SAY = "/api/conversations/ml-ops/messages"


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


@pytest.fixture
async def api(desk: FakeDesk) -> AsyncIterator[httpx.AsyncClient]:
    async with local_client(desk) as client:
        yield client


async def test_a_message_is_accepted_and_answered_by_a_card(api: httpx.AsyncClient) -> None:
    said = await api.post(SAY, json={"actor": "engineer", "text": "plan it"})
    assert said.status_code == 202
    (card,) = (await api.get("/api/conversations/ml-ops/cards?after=0")).json()
    assert card["reply_to"] == said.json()["message_id"]
    assert {
        "seq",
        "id",
        "version",
        "thread",
        "title",
        "text",
        "blocks",
        "buttons",
        "run_id",
        "tone",
        "at",
    } <= card.keys()
    assert [button["label"] for button in card["buttons"]] == ["Approve", "Reject", "Cancel"]
    assert card["buttons"][0].keys() == {"id", "label", "style", "confirm", "ask"}, (
        "what a button stands for stays on the server"
    )


async def test_the_same_event_id_twice_is_one_message(api: httpx.AsyncClient, desk: FakeDesk) -> None:
    body = {"actor": "engineer", "text": "hello", "event_id": "e1"}
    first, second = await api.post(SAY, json=body), await api.post(SAY, json=body)
    assert first.json() == second.json()
    assert len(await desk.messages("ml-ops")) == 1


async def test_an_edited_card_comes_again_with_a_higher_seq_and_version(api: httpx.AsyncClient, desk: FakeDesk) -> None:
    await api.post(SAY, json={"actor": "engineer", "text": "plan"})
    (old,) = (await api.get("/api/conversations/ml-ops/cards")).json()
    await desk.edit(old["id"], verdict_card())
    (new,) = (await api.get(f"/api/conversations/ml-ops/cards?after={old['seq']}")).json()
    assert new["id"] == old["id"]
    assert new["seq"] > old["seq"]
    assert new["version"] == old["version"] + 1


async def test_a_click_is_answered_truthfully(api: httpx.AsyncClient) -> None:
    await api.post(SAY, json={"actor": "engineer", "text": "plan"})
    (card,) = (await api.get("/api/conversations/ml-ops/cards")).json()
    click = {"actor": "engineer", "card_id": card["id"], "button_id": card["buttons"][0]["id"]}
    refused = await api.post("/api/clicks", json=click)
    assert refused.json() == {"accepted": False, "message": "The requester cannot approve. lead and sre can."}
    assert (await api.post("/api/clicks", json=click | {"actor": "lead"})).json()["accepted"] is True
    again = await api.post("/api/clicks", json=click | {"actor": "lead"})
    assert (again.status_code, again.json()["accepted"]) == (200, False), "an old button gets an answer, not an error"


async def test_a_click_carries_a_reason_and_the_same_event_is_answered_as_before(
    api: httpx.AsyncClient, desk: FakeDesk
) -> None:
    await api.post(SAY, json={"actor": "engineer", "text": "plan"})
    (card,) = (await api.get("/api/conversations/ml-ops/cards")).json()
    reject = next(b for b in card["buttons"] if b["label"] == "Reject")
    assert reject["ask"] == "Why do you reject run 7?"
    click = {"actor": "lead", "card_id": card["id"], "button_id": reject["id"], "reason": "the AUC is too low"}
    first = await api.post("/api/clicks", json=click | {"event_id": "c1"})
    again = await api.post("/api/clicks", json=click | {"event_id": "c1"})
    assert first.json() == again.json() and first.json()["accepted"]
    assert desk.reasons == ["the AUC is too low"]
    assert (await api.post("/api/clicks", json=click | {"reason": "x" * 501})).status_code == 422


async def test_an_answer_is_judged_and_what_was_meant_is_offered(api: httpx.AsyncClient, desk: FakeDesk) -> None:
    await api.post(SAY, json={"actor": "engineer", "text": "ask"})
    (card,) = (await api.get("/api/conversations/ml-ops/cards")).json()
    assert card["is_answer"] is True
    path = f"/api/cards/{card['id']}/feedback"
    told = (await api.post(path, json={"actor": "lead", "verdict": "bad"})).json()
    assert told["meant"][-1] == {"playbook": "something else", "label": "something else"}
    body = {"actor": "lead", "verdict": "bad", "meant": told["meant"][0]["playbook"]}
    assert (await api.post(path, json=body)).json()["meant"] == []
    assert desk.judged == {(card["reply_to"], "lead"): ("bad", "show_kpis")}
    assert (await api.post(path, json={"actor": "lead", "verdict": "so-so"})).status_code == 422


async def test_a_run_s_card_and_one_that_begins_a_thread_are_not_judged(api: httpx.AsyncClient, desk: FakeDesk) -> None:
    await api.post(SAY, json={"actor": "engineer", "text": "plan"})
    await desk.answer("ml-ops", verdict_card())
    cards = (await api.get("/api/conversations/ml-ops/cards")).json()
    assert [card["is_answer"] for card in cards] == [False, False]
    for card in cards:
        refused = await api.post(f"/api/cards/{card['id']}/feedback", json={"actor": "lead", "verdict": "good"})
        assert refused.status_code == 422


async def test_the_names_that_words_are_understood_by_can_be_read(api: httpx.AsyncClient) -> None:
    names = (await api.get("/api/catalogue")).json()
    assert [model["name"] for model in names["models"]] == ["churn", "demand"] and names["versions"]["churn"]


async def test_what_waits_is_listed_and_decided_over_rest(api: httpx.AsyncClient, desk: FakeDesk) -> None:
    waiting = (await api.get("/api/approvals")).json()
    assert waiting and waiting[0]["may"] == ["lead", "sre"]
    number = waiting[0]["run"]
    assert (await api.get(f"/api/approvals?run={number + 1000}")).json() == []
    own = await api.post(f"/api/runs/{number}/decision", json={"actor": "engineer", "decision": "approve"})
    assert own.status_code == 403 and "requester cannot approve" in own.json()["error"]["what"]
    wrong = await api.post(f"/api/runs/{number}/decision", json={"actor": "lead", "decision": "yes"})
    assert wrong.status_code == 422
    seen = {"plan_hash": waiting[0]["plan_hash"], "gate": waiting[0]["name"]}
    body = {"actor": "lead", "decision": "approve", "reason": "looks good", "event_id": "e-1", **seen}
    told = await api.post(f"/api/runs/{number}/decision", json=body)
    assert told.json() == {"accepted": True, "message": f"Run {number} is approved: looks good."}
    assert desk.controls.bound == {**seen, "event_id": "e-1"}


async def test_models_tell_revisions_health_and_drift(api: httpx.AsyncClient) -> None:
    churn = (await api.get("/api/models/churn")).json()
    assert [(r["version"], r["weight"], r["role"]) for r in churn["revisions"]] == [
        ("v1", 90, "stable"),
        ("v2", 10, "canary"),
    ]
    assert churn["health"]["versions"][0]["error_rate"] == 0.005
    assert churn["drift"]["drifted"] == ["monthly_charges", "tenure"]
    demand = (await api.get("/api/models/demand")).json()
    assert demand["health"]["status"] == "no_data", "no data is never healthy"
    assert demand["health"]["searched"] == "in-process series"


async def test_a_run_tells_its_plan_steps_and_approvals(api: httpx.AsyncClient) -> None:
    run = (await api.get("/api/runs/7")).json()
    assert run["plan_hash"] == (await api.get("/api/runs")).json()[0]["plan_hash"]
    assert len(run["plan_hash"]) == 64
    assert run["steps"][0] | {"started": "", "ended": ""} == {
        "name": "build",
        "status": "done",
        "started": "",
        "ended": "",
        "detail": "41,200 rows in 6.2 s",
    }
    assert [(a["actor"], a["decision"]) for a in run["approvals"]] == [("lead", "approved")]


async def test_kpis_compare_with_the_same_weekday_a_week_before(api: httpx.AsyncClient) -> None:
    kpi = (await api.get("/api/kpis/churn_rate?days=14")).json()
    assert len(kpi["days"]) == 14
    complete = [day for day in kpi["days"] if day["complete"]]
    assert kpi["value"] == complete[-1]["value"]
    assert kpi["change"] == pytest.approx(complete[-1]["value"] / complete[-8]["value"] - 1)


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/api/models/chrun", "Did you mean churn?"),
        ("/api/kpis/churn_rat", "Did you mean churn_rate?"),
        ("/api/runs/99", "Known: 5, 6, 7."),
        ("/api/nothing", "The console is at /, the API is described at /docs."),
    ],
)
async def test_an_unknown_name_is_404_with_what_is_known(api: httpx.AsyncClient, path: str, hint: str) -> None:
    response = await api.get(path)
    assert response.status_code == 404
    assert hint in response.json()["error"]["do"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{not json", "the body is not JSON"),
        (b"[]", "body:"),
        (b'{"actor": "engineer"}', "text: Field required"),
        (b'{"actor": "engineer", "text": "x", "txet": "y"}', "txet: Extra inputs are not permitted"),
        (b'{"actor": "enginer", "text": "x"}', "Did you mean engineer?"),
        (b'{"actor": "engineer", "text": "  "}', "The message is empty."),
        (b'{"actor": "engineer", "text": 5}', "text: Input should be a valid string"),
    ],
)
async def test_bad_input_gets_a_clear_answer(api: httpx.AsyncClient, body: bytes, words: str) -> None:
    response = await api.post(SAY, content=body, headers={"content-type": "application/json"})
    assert response.status_code == 422
    assert words in " ".join(response.json()["error"].values())
    assert "Traceback" not in response.text


@pytest.mark.parametrize("path", ["/api/conversations/a%20b/cards", "/api/runs/x", "/api/audit?limit=0"])
async def test_parameters_out_of_range_are_422(api: httpx.AsyncClient, path: str) -> None:
    response = await api.get(path)
    assert response.status_code == 422
    assert response.json()["error"]["do"]


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_over_256_kb_is_413_also_when_its_length_is_not_announced(
    api: httpx.AsyncClient, chunked: bool
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(300):
            yield b"x" * 1024

    response = await api.post(SAY, content=chunks() if chunked else b"x" * 300 * 1024)
    assert response.status_code == 413
    assert "256 kB" in response.json()["error"]["why"]


async def test_100_kb_of_text_reaches_the_desk(api: httpx.AsyncClient) -> None:
    response = await api.post(SAY, json={"actor": "engineer", "text": "x" * 100_000})
    assert response.status_code == 202, "whether that is too much to read is the desk's decision"


async def test_a_defect_inside_is_500_without_a_trace(desk: FakeDesk) -> None:
    async def broken() -> Report:
        raise RuntimeError("secret detail")

    async with local_client(desk, ready=broken) as api:
        response = await api.get("/readyz")
    assert response.status_code == 500
    assert "incident" in response.json()["error"]["do"]
    assert "secret detail" not in response.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:9999"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Host": "evil.example"}, 400),
        ({"Host": "127.0.0.1.evil.example:8642"}, 400),
        ({"Host": "[::1"}, 400),
        ({"Origin": "http://127.0.0.1:8642"}, 202),
        ({"Host": "localhost:8642", "Origin": "http://localhost:8642"}, 202),
    ],
)
async def test_only_the_bots_own_page_may_post(
    api: httpx.AsyncClient, desk: FakeDesk, headers: dict[str, str], status: int
) -> None:
    response = await api.post(SAY, json={"actor": "engineer", "text": "hi"}, headers=headers)
    assert response.status_code == status
    assert len(desk.log) == (2 if status == 202 else 0)


async def test_a_rebound_name_reads_nothing_but_probes_answer(api: httpx.AsyncClient) -> None:
    evil = {"Host": "evil.example"}
    assert (await api.get("/api/audit", headers=evil)).status_code == 400
    assert (await api.get("/healthz", headers=evil)).json() == {"status": "ok"}


async def test_a_further_host_name_can_be_allowed(desk: FakeDesk) -> None:
    async with local_client(desk, hosts=["bot.example"]) as api:
        assert (await api.get("/api/runs", headers={"Host": "bot.example"})).status_code == 200


async def test_every_answer_carries_the_security_headers(api: httpx.AsyncClient) -> None:
    for path in ("/", "/api/models", "/nothing", "/static/base.css"):
        headers = (await api.get(path)).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


async def test_faults_are_injected_listed_and_cleared(api: httpx.AsyncClient) -> None:
    assert (await api.post("/api/world/faults", json={"model": "churn", "fault": "latency"})).status_code == 200
    assert [(f["model"], f["fault"]) for f in (await api.get("/api/world")).json()["faults"]] == [("churn", "latency")]
    wrong = await api.post("/api/world/faults", json={"model": "churn", "fault": "latenci"})
    assert (wrong.status_code, wrong.json()["error"]["do"]) == (404, "Did you mean latency?")
    assert (await api.delete("/api/world/faults")).json() == {"cleared": ["latency"]}


async def test_the_world_is_there_in_the_demo_only(desk: FakeDesk) -> None:
    async with local_client(desk, demo=False, identify=lambda _: "sre") as api:
        assert (await api.get("/api/world")).status_code == 404
        assert (await api.post("/api/world/faults", json={"model": "churn", "fault": "latency"})).status_code == 404


async def test_outside_the_demo_a_name_alone_is_not_enough(desk: FakeDesk) -> None:
    async with local_client(desk, demo=False, identify=lambda request: request.headers.get("x-person")) as api:
        body = {"actor": "lead", "text": "hi"}
        assert (await api.post(SAY, json=body)).status_code == 401
        for path in ("/api/audit", "/api/conversations/ml-ops/cards", "/api/models", "/docs"):
            assert (await api.get(path)).status_code in (303, 401), path
        assert (await api.get("/healthz")).status_code == 200
        assert (await api.post(SAY, json=body, headers={"x-person": "engineer"})).status_code == 403
        assert (await api.post(SAY, json=body, headers={"x-person": "lead"})).status_code == 202
        assert (await api.post(SAY, json={"text": "hi"}, headers={"x-person": "lead"})).status_code == 202


async def test_probes_and_metrics(desk: FakeDesk) -> None:
    async def not_yet() -> Report:
        away = Readiness(ok=False, says="mlflow: no answer", do="Look at it.")
        return Report(problems={"store": "the disk is full"}, ports={"registry": away})

    async with local_client(desk, ready=not_yet, metrics=lambda: "bizaiops_runs_total 3\n") as api:
        waiting = await api.get("/readyz")
        assert (waiting.status_code, waiting.json()) == (
            503,
            {
                "ready": False,
                "problems": {"store": "the disk is full"},
                "ports": {"registry": {"ok": False, "says": "mlflow: no answer", "do": "Look at it."}},
            },
        )
        metrics = await api.get("/metrics")
        assert metrics.text == "bizaiops_runs_total 3\n"
        assert metrics.headers["content-type"].startswith("text/plain; version=0.0.4")


@pytest.mark.parametrize(
    ("client", "headers", "told"),
    [
        ("127.0.0.1", {}, True),
        ("127.0.0.1", {"x-forwarded-for": "10.0.0.9"}, False),
        ("10.0.0.9", {}, False),
        ("10.0.0.9", {"x-person": "sre"}, True),
    ],
)
async def test_a_stranger_is_not_told_where_the_systems_behind_the_bot_are(
    desk: FakeDesk, client: str, headers: dict[str, str], told: bool
) -> None:
    async def ready() -> Report:
        return Report(ports={"registry": Readiness(ok=True, says="mlflow: http://mlflow.internal:5000, answers")})

    app = create_app(desk, demo=False, ready=ready, identify=lambda request: request.headers.get("x-person"))
    transport = httpx.ASGITransport(app=app, client=(client, 5))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8642") as api:
        answer = await api.get("/readyz", headers=headers)
    assert (answer.status_code, answer.json()["ports"]["registry"]["ok"]) == (200, True)
    assert ("mlflow.internal" in answer.text) == told


async def test_openapi_describes_every_request(api: httpx.AsyncClient) -> None:
    paths = (await api.get("/openapi.json")).json()["paths"]
    assert {
        "/api/conversations/{id}/messages",
        "/api/clicks",
        "/api/runs/{number}",
        "/api/world/faults",
    } <= paths.keys()
    assert not [path for path in paths if path.startswith("/console")]
    assert all(spec.get("description") for methods in paths.values() for spec in methods.values())


async def next_event(lines: AsyncIterator[str]) -> dict[str, str]:
    event: dict[str, str] = {}
    async for line in lines:
        if not line and "data" in event:
            return event
        if line and not line.startswith(":"):
            key, _, value = line.partition(": ")
            event[key] = value
    raise AssertionError("the stream ended")


async def test_events_bring_messages_and_cards_as_they_come() -> None:
    desk = FakeDesk()
    async with running_site(desk) as url, httpx.AsyncClient(base_url=url, timeout=5) as api:  # noqa: SIM117
        async with api.stream("GET", "/api/conversations/ml-ops/events") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            lines = stream.aiter_lines()
            await desk.post("business", "analyst", "elsewhere")
            await desk.post("ml-ops", "engineer", "ask")
            message, card = await next_event(lines), await next_event(lines)
    assert (message["event"], json.loads(message["data"])["text"]) == ("message", "ask")
    assert (card["event"], card["id"]) == ("card", "4")
    assert json.loads(card["data"])["title"] == "Which model: churn or demand?"


async def test_events_go_on_after_the_last_event_id() -> None:
    desk = FakeDesk()
    for text in ("one", "two"):
        await desk.post("ml-ops", "engineer", text)
    async with running_site(desk) as url, httpx.AsyncClient(base_url=url, timeout=5) as api:
        headers = {"Last-Event-ID": "3"}
        async with api.stream("GET", "/api/conversations/ml-ops/events?after=1", headers=headers) as stream:
            event = await next_event(stream.aiter_lines())
    assert event["id"] == "4"


async def test_a_quiet_stream_is_kept_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bizaiops_bot.surfaces.live.KEEPALIVE_S", 0.01)
    desk = FakeDesk()
    async with running_site(desk) as url, httpx.AsyncClient(base_url=url, timeout=5) as api:  # noqa: SIM117
        async with api.stream("GET", "/api/conversations/ml-ops/events") as stream:
            lines = stream.aiter_lines()
            async with asyncio.timeout(5):
                assert ": keepalive" in [await anext(lines) for _ in range(8)]
            await desk.post("ml-ops", "engineer", "still there?")
            assert json.loads((await next_event(lines))["data"])["text"] == "still there?"


async def test_a_person_signs_in_with_a_token_and_out_again(desk: FakeDesk) -> None:
    tokens = {"lead": SecretStr("lead-token"), "engineer": SecretStr("engineer-token")}
    async with local_client(desk, demo=False, identify=by_token(tokens)) as web:
        page = await web.get("/")
        assert (page.status_code, page.headers["location"]) == (303, "/sign-in")
        assert (await web.post("/sign-in", data={"token": "nobodys"})).status_code == 403
        answer = await web.post("/sign-in", data={"token": "lead-token"})
        assert answer.status_code == 303
        assert (
            "httponly" in answer.headers["set-cookie"].lower()
            and "samesite=strict" in answer.headers["set-cookie"].lower()
        )
        assert "lead" in (await web.get("/")).text
        assert (await web.post(SAY, json={"actor": "engineer", "text": "hi"})).status_code == 403
        await web.post("/sign-out")
        assert (await web.get("/api/audit")).status_code == 401


async def test_a_program_signs_in_with_a_header(desk: FakeDesk) -> None:
    async with local_client(desk, demo=False, identify=by_token({"lead": SecretStr("lead-token")})) as api:
        right, wrong = {"Authorization": "Bearer lead-token"}, {"Authorization": "Bearer lead-tokem"}
        assert (await api.post(SAY, json={"text": "hi"}, headers=right)).status_code == 202
        assert (await api.post(SAY, json={"text": "hi"}, headers=wrong)).status_code == 401
