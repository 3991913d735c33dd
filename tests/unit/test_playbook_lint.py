"""Playbook code that a restart would not carry out the same way is found before it runs, and the rest is left alone."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent

import pytest

from bizaiops_bot.content import content_folder
from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.engine.lint.codes import CODES
from bizaiops_bot.engine.runs.playbooks import warn
from bizaiops_bot.testing import lint

HEAD = """\
import asyncio, datetime as dt, os, random, time, uuid
from contextlib import suppress
from datetime import datetime
from pathlib import Path
import numpy as np
from bizaiops_bot.playbook import BotError, Card, Inputs, Run, playbook
{top}

class Ask(Inputs):
    '''Asks.'''

@playbook(title="Try", risk="{risk}")
async def try_it(run: Run, ask: Ask) -> Card:
"""


def write(folder: Path, body: str, *, top: str = "", risk: str = "change", name: str = "try_it") -> Path:
    path = folder / f"{name}.py"
    path.write_text(HEAD.format(top=top, risk=risk) + indent(body, "    ") + "\n    return Card(title='done')\n")
    return path


def codes(path: Path) -> list[str]:
    return [finding.code for finding in lint([path])]


BAD = [
    ("now = datetime.now()", "P101"),
    ("now = dt.datetime.utcnow()", "P101"),
    ("day = dt.date.today()", "P101"),
    ("began = time.monotonic()", "P101"),
    ("late = run.clock.now() > ask.when", "P101"),
    ("clock = run.clock\nnow = clock.now()", "P101"),
    ("pick = random.choice(['a', 'b'])", "P102"),
    ("name = str(uuid.uuid4())", "P102"),
    ("noise = np.random.default_rng().normal()", "P102"),
    ("zone = os.environ['TZ']", "P103"),
    ("zone = os.getenv('TZ')", "P103"),
    ("text = open('/etc/hosts').read()", "P104"),
    ("text = Path('notes.txt').read_text()", "P104"),
    ("text = Path('notes.txt').open()", "P104"),
    ("known = (Path('notes') / ask.name).exists()", "P104"),
    ("await asyncio.sleep(5)", "P105"),
    ("both = await asyncio.gather(run.read(run.models.specs), run.read(run.models.specs))", "P105"),
    ("traffic = await run.serving.traffic('churn')", "P106"),
    ("serving = run.serving\nawait serving.promote('churn', 'v2')", "P106"),
    ("promote = run.serving.promote\nawait promote('churn', 'v2')", "P106"),
    ("r = run\ntask = r.pipelines.build('churn', 'v2')", "P106"),
    ("for model in {'churn', 'demand'}:\n    await run.read(run.serving.traffic, model)", "P107"),
    ("known = set(ask.names)\nfirst = list(known)", "P107"),
    ("said = ', '.join({'a', 'b'} | {'c'})", "P107"),
    ("names: set[str] = set(ask.names)\nsaid = ', '.join(names)", "P107"),
    ("names = set(ask.names)\none = names.pop()", "P107"),
    ("said = f'deploys {set(ask.names)}'", "P107"),
    ("first, *rest = set(ask.names)", "P107"),
    ("order = hash(ask.model)", "P108"),
    ("try:\n    await run.step('x', run.models.specs)\nexcept BaseException:\n    raise", "P110"),
    ("try:\n    await run.step('x', run.models.specs)\nexcept:\n    pass", "P110"),
    ("try:\n    pass\nexcept asyncio.CancelledError:\n    pass", "P110"),
    ("try:\n    pass\nfinally:\n    await run.step('clean up', run.models.specs)", "P111"),
    ("states = [await run.step('scale', run.serving.scale, m, 2) for m in ask.models]", "P112"),
    ("async def more():\n    yield await run.step('x', run.models.specs)\nasync for _ in more():\n    pass", "P112"),
    (
        "async def ready():\n    await run.read(run.models.specs)\n    return True\nawait run.until('w', ready, done=bool)",
        "P113",
    ),
    ("try:\n    await run.approve('May I?')\nexcept BotError:\n    pass", "P114"),
    ("with suppress(BaseException):\n    await run.step('x', run.models.specs)", "P110"),
    ("with suppress(BotError):\n    await run.approve('May I?')", "P114"),
]
GOOD = [
    "async def tell():\n    return run.clock.now()\nnow = await run.read(tell)",
    "async def draw():\n    return random.random()\nchance = await run.read(draw)",
    "dice = random.Random(run.id)\nfair = np.random.default_rng(run.id)",
    "async def ready():\n    rows = await run.models.specs()\n    return bool(rows) and str(run.clock.now())\nawait run.until('w', ready, done=bool)",
    "await run.until('w', run.serving.traffic, 'churn', done=lambda t: not t.paused)",
    "state = await run.step('promote', run.serving.promote, 'churn', 'v2', detail=lambda s: s.spoken())",
    "serving = run.serving\nstate = await run.read(serving.traffic, 'churn')",
    "for model in sorted({'churn', 'demand'}):\n    await run.read(run.serving.traffic, model)",
    "both = {m for m in {'a', 'b'}} | set()\nsome = any(m == 'a' for m in both)\nknown = len(list(sorted(both)))",
    "states = [await run.read(run.serving.traffic, m) for m in ask.models]",
    "try:\n    await run.step('x', run.models.specs)\nexcept Exception:\n    raise\nfinally:\n    count = 1",
    "try:\n    await run.approve('May I?')\nexcept BotError:\n    raise",
    "when: datetime = ask.when\nlater = datetime.fromisoformat(ask.text)\nspan = dt.timedelta(days=1)",
    "names = []\nnames.append('a')\nname = uuid.UUID(ask.text)",
    "time = ask.time\nlater = time.hour",
    "with suppress(KeyError):\n    await run.approve('May I?')\nname = Path('a') / 'b'\nkind = ask.rules.open()",
    "first, second = sorted({1, 2})\nknown = {}\nknown.pop('a', None)\nsaid = f'{sorted({1, 2})} {len({1})}'",
]


@pytest.mark.parametrize(("body", "code"), BAD, ids=[f"{code} {body[:40]!r}" for body, code in BAD])
def test_what_a_restart_would_do_differently_is_found(tmp_path: Path, body: str, code: str) -> None:
    found = lint([write(tmp_path, body)])
    assert [f.code for f in found] == [code]
    lines = (tmp_path / "try_it.py").read_text().splitlines()
    assert found[0].line > HEAD.count("\n")
    assert lines[found[0].line - 1].strip() in body


@pytest.mark.parametrize("body", GOOD)
def test_what_a_restart_does_the_same_way_is_left_alone(tmp_path: Path, body: str) -> None:
    assert codes(write(tmp_path, body)) == []


def test_every_code_is_shown_by_an_example() -> None:
    elsewhere = {"P100", "P109"}
    assert {code for _, code in BAD} | elsewhere == set(CODES)


@pytest.mark.parametrize(
    ("top", "body"),
    [
        ("seen = []", "seen.append(ask.model)"),
        ("seen = {}", "seen[ask.model] = 1"),
        ("count = 0", "global count\ncount += 1"),
    ],
)
def test_state_of_the_module_that_a_playbook_changes_is_found(tmp_path: Path, top: str, body: str) -> None:
    assert codes(write(tmp_path, body, top=top)) == ["P109"]
    assert codes(write(tmp_path, body, top=top, risk="read")) == ["P109"]


def test_a_value_made_when_the_file_is_loaded_is_found(tmp_path: Path) -> None:
    assert codes(write(tmp_path, "pass", top="BEGAN = datetime.now()")) == ["P101"]
    assert codes(write(tmp_path, "pass", top="ZONE = os.environ['TZ']")) == ["P103"]


def test_a_playbook_that_answers_at_once_may_ask_ports_and_wait_as_it_likes(tmp_path: Path) -> None:
    free = "models, now = await asyncio.gather(run.models.specs(), run.models.specs()), run.clock.now()"
    assert codes(write(tmp_path, free, risk="read")) == []
    assert codes(write(tmp_path, "now = datetime.now()", risk="read")) == ["P101"]


def test_helpers_of_the_same_folder_are_followed_and_found_in_their_own_file(tmp_path: Path) -> None:
    (tmp_path / "_shift.py").write_text(
        "import time\n\nasync def shift(run):\n    await _inner(run)\n\nasync def _inner(run):\n"
        "    await run.serving.promote('churn', 'v2')\n\ndef unused():\n    return time.time()\n"
    )
    path = write(tmp_path, "await shift(run)", top="from playbooks._shift import shift")
    assert [(Path(f.file).name, f.line, f.code) for f in lint([path])] == [("_shift.py", 7, "P106")]
    assert [f.code for f in lint([tmp_path / "_shift.py"])] == ["P106"]
    assert [f.code for f in lint([tmp_path])] == ["P106"]


def test_a_helper_that_only_answering_playbooks_use_may_ask_ports(tmp_path: Path) -> None:
    (tmp_path / "_look.py").write_text("async def look(run):\n    return await run.models.specs()\n")
    path = write(tmp_path, "await look(run)", top="from playbooks._look import look", risk="read")
    assert codes(path) == []


def test_methods_of_a_class_that_a_playbook_makes_are_followed(tmp_path: Path) -> None:
    top = "class Shifter:\n    def __init__(self, run):\n        self.run = run\n    async def go(self):\n        await self.run.models.specs()"
    assert codes(write(tmp_path, "await Shifter(run).go()", top=top)) == ["P106"]


def test_an_exception_is_allowed_on_its_line_with_a_reason(tmp_path: Path) -> None:
    assert codes(write(tmp_path, "now = datetime.now()  # lint: allow(P101) shown to nobody")) == []
    assert codes(write(tmp_path, "now = datetime.now()  # lint: allow(P102) another one")) == ["P101"]
    silent = lint([write(tmp_path, "now = datetime.now()  # lint: allow(P101)")])
    assert [f.code for f in silent] == ["P100"]
    assert "no reason" in silent[0].what


def test_a_file_that_is_no_python_is_a_finding_and_a_missing_one_an_error(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("async def broken(:\n")
    assert codes(tmp_path / "broken.py") == ["P100"]
    with pytest.raises(BadInput, match="There is no file or folder"):
        lint([tmp_path / "missing.py"])


def test_a_finding_says_where_what_and_what_to_write_instead(tmp_path: Path) -> None:
    words = str(lint([write(tmp_path, "await run.serving.promote('churn', 'v2')")])[0])
    assert words.startswith(f"{tmp_path / 'try_it.py'}:{HEAD.count(chr(10)) + 1}: P106 run.serving.promote: a port is")
    assert "run.step(name, port.method" in words


def test_the_playbooks_of_the_bot_have_no_findings() -> None:
    assert [str(f) for f in lint([content_folder("playbooks")])] == []


@pytest.fixture
def own_playbooks() -> Iterator[None]:
    """Loading another folder takes the place of the package `playbooks`."""
    saved = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "playbooks"}
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "playbooks"]:
        del sys.modules[name]
    sys.modules.update(saved)


@pytest.mark.usefixtures("own_playbooks")
def test_a_bot_that_has_started_warns_of_each_finding_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "__init__.py").write_text("")
    write(tmp_path, "async def soon():\n    return run.clock.now()\nif run.id < 0:\n    await asyncio.sleep(1)")
    with caplog.at_level(logging.WARNING, "bizaiops.playbooks"):
        warn(tmp_path)
        warn(tmp_path)
    assert [record.getMessage().split(": ")[1][:4] for record in caplog.records] == ["P105"]
