"""The adapter `http` where the other side is not as it should be; the promises of its ports are in tests/contract."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bizaiops_bot.adapters.http import HttpServing, HttpServingSettings
from bizaiops_bot.domain.errors import Permanent, Temporary
from bizaiops_bot.domain.services import ServiceRef
from examples.serving_stand.company import Company
from examples.serving_stand.server import Stand
from tests.support.contexts import context

CHURN = ServiceRef(environment="production", model="churn", name="churn-predictor", namespace="models")


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(["churn"], "production")


@pytest.fixture
def stand(company: Company) -> Iterator[Stand]:
    running = Stand(company, "127.0.0.1", 0, token="the right one")
    running.start()
    yield running
    running.stop()


def serving(port: int, folder: Path, *, token: str = "the right one", timeout_s: float = 10.0) -> HttpServing:
    settings = {"kind": "http", "base_url": f"http://127.0.0.1:{port}", "token": token, "timeout_s": timeout_s}
    return HttpServingSettings.model_validate(settings).build(context(folder))


async def test_a_token_that_is_not_taken_is_told_and_never_tried_again(stand: Stand, tmp_path: Path) -> None:
    assert (await serving(stand.port, tmp_path).traffic(CHURN)).stable == "v1"

    with pytest.raises(Permanent, match="does not let the bot in") as told:
        await serving(stand.port, tmp_path, token="a wrong one").traffic(CHURN)
    assert "a wrong one" not in str(told.value)


async def test_a_change_whose_answer_did_not_come_is_found_by_its_key(
    stand: Stand, company: Company, tmp_path: Path
) -> None:
    company.late_s = 5.0
    with pytest.raises(Temporary, match="does not answer"):
        await serving(stand.port, tmp_path, timeout_s=0.5).set_canary(CHURN, "v2", 10, guard="0", key="7/1")
    company.late_s = 0.0

    state = await serving(stand.port, tmp_path).set_canary(CHURN, "v2", 10, guard="0", key="7/1")

    assert state.weights == {"v1": 90, "v2": 10} and state.generation == "1"
    assert [call["came"] for call in company.services.calls] == ["done", "again"]


async def test_a_system_that_is_something_else_is_told_with_what_it_lacks(tmp_path: Path) -> None:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"welcome": "to a page of somebody else"}')

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        with pytest.raises(Permanent, match="answered something else") as told:
            await serving(server.server_port, tmp_path).traffic(CHURN)
        assert "service" in told.value.why
    finally:
        server.shutdown()
        server.server_close()
