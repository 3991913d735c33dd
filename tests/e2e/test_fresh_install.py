"""The stranger's path: a clean copy of the tree, the README's commands, and the wheel outside any checkout."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.demo_process import ROOT, free_port
from tests.support.eventually import eventually

INSTALL_S, START_S = 300.0, 120.0
PACKAGED = (
    "bizaiops_bot/content/intents/deploy_model.yaml",
    "bizaiops_bot/content/intents/out_of_scope/",
    "bizaiops_bot/content/playbooks/deploy_model.py",
    "bizaiops_bot/content/playbooks/rules/",
    "bizaiops_bot/content/policy/",
    "bizaiops_bot/surfaces/console/templates/console.html",
    "bizaiops_bot/surfaces/console/static/console.js",
    "bizaiops_bot/surfaces/console/static/vendor/htmx",
    "bizaiops_bot/embedded/kpis/churn_rate.yaml",
    "bizaiops_bot/router/encoder/",
)


def strangers_environment() -> dict[str, str]:
    """What a newcomer's shell has: no traces of this checkout or its virtual environment."""
    ours = ("BIZAIOPS_", "PYTHON", "VIRTUAL_ENV", "PYTEST", "MAKE", "MFLAGS", "UV_PROJECT")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def does(*command: str | Path, cwd: Path, timeout_s: float = 60.0, **env: str) -> str:
    """Runs it to its end; fails with all it said unless it succeeds."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=strangers_environment() | env,
        text=True,
        timeout=timeout_s,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout[-4000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What someone gets who clones this tree as it stands now, installed by `make install`."""
    folder = tmp_path_factory.mktemp("stranger") / "bizaiops-bot"
    listed = does("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    does("make", "install", cwd=folder, timeout_s=INSTALL_S)
    return folder


@pytest.fixture(scope="module")
def wheel(checkout: Path) -> Path:
    """The package as it would be published."""
    does(checkout / ".venv/bin/uv", "build", "--wheel", "--out-dir", "dist", cwd=checkout, timeout_s=120)
    (built,) = (checkout / "dist").glob("*.whl")
    return built


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A directory that has nothing to do with the checkout."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    yield folder


def test_make_demo_answers_a_newcomer(
    checkout: Path, elsewhere: Path, record_property: Callable[[str, object], None]
) -> None:
    port, data = free_port(), elsewhere / "data"
    url, log = f"http://127.0.0.1:{port}", elsewhere / "demo.log"
    began = time.monotonic()
    with log.open("wb") as out:
        demo = subprocess.Popen(
            ["make", "demo", f"ARGS=--port {port} --no-browser --data {data}"],
            cwd=checkout,
            env=strangers_environment(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        eventually(lambda: demo.poll() is not None or _answers(url), "the start", patience_s=START_S)
        bizaiops = checkout / ".venv/bin/bizaiops"
        answer = does(bizaiops, "say", "status churn", "--url", url, cwd=elsewhere)
        seconds = time.monotonic() - began
        assert "churn: v1 100%" in answer
        record_property("make demo to first answer, s", round(seconds, 1))
        told = log.read_text()
        assert url in told and told.count("\n  - ") == 5, told
        healthy = does(bizaiops, "doctor", "--data", data, "--url", url, cwd=elsewhere)
        assert f"{url} answers 200" in healthy
        # As Ctrl-C in a terminal: make, and whatever it has started.
        os.killpg(demo.pid, signal.SIGINT)
        demo.wait(timeout=20)
        assert "Everything is saved" in log.read_text() and "Traceback" not in log.read_text()
    finally:
        if demo.poll() is None:
            os.killpg(demo.pid, signal.SIGKILL)
            demo.wait(timeout=10)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=5, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def test_a_second_make_install_has_nothing_to_do(checkout: Path) -> None:
    assert "Nothing to be done" in does("make", "install", cwd=checkout)


def test_the_wheel_holds_everything_the_bot_needs(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    missing = [part for part in PACKAGED if not any(name.startswith(part) for name in names)]
    assert missing == []
    assert not [name for name in names if "__pycache__" in name or name.startswith("tests/")]


def test_the_wheel_works_without_a_checkout(checkout: Path, wheel: Path, elsewhere: Path) -> None:
    python, target = checkout / ".venv/bin/python", elsewhere / "site"
    does(checkout / ".venv/bin/uv", "pip", "install", "--no-deps", "--target", target, wheel, cwd=elsewhere)
    where = does(
        python,
        "-c",
        "from bizaiops_bot.content import content_folder as f; print(f('intents'), f('policy'))",
        cwd=elsewhere,
        PYTHONPATH=str(target),
    )
    assert where.split() == [str(target / "bizaiops_bot/content" / name) for name in ("intents", "policy")]
    healthy = does(
        python,
        "-m",
        "bizaiops_bot",
        "doctor",
        "--url",
        f"http://127.0.0.1:{free_port()}",
        cwd=elsewhere,
        PYTHONPATH=str(target),
    )
    assert "FAIL" not in healthy and "playbooks" in healthy and "encoder" in healthy
