"""Pictures of every sort of card as Slack shows it, for docs/images: `python -m tools.render_pictures`.

Needs npm and chromium. The drawing is by slack-blocks-to-jsx, which looks much like Slack and is not Slack; it has no
data_table, so that one is drawn as a table. --to writes them, with the pages they are taken from, somewhere else.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from bizaiops_bot.domain.cards import Button, Card
from bizaiops_bot.domain.forms import Form, FormField
from bizaiops_bot.surfaces.client import card_of
from bizaiops_bot.surfaces.render.blockkit import ask_reason, form_view, home_view, render
from bizaiops_bot.surfaces.shapes import CardOut
from tests.support import sample_cards
from tests.support.demo_process import DemoProcess
from tests.support.npm import installed
from tests.support.random_cards import posted

FOLDER = Path("tests/support/slack_preview")
IMAGES = Path("docs/images")
APART = {"conversation", "home", "form", "reason"}
"""Not on the sheet of all cards."""
KEPT = {"approval", "conversation", "home", "form"}
"""What has a picture of its own in the documentation."""
COLOURS = 64
SPEED = 240.0
PATIENCE_S = 300.0
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
STYLE = """
body { margin: 0; background: #fff; font-family: Lato, Arial, sans-serif; font-size: 15px; }
* { font-family: Arial, "DejaVu Sans", sans-serif !important; }
pre, code, pre *, code * { font-family: "DejaVu Sans Mono", monospace !important; }
.one { width: 620px; padding: 14px 18px; box-sizing: border-box; overflow: hidden; }
.one table { font-size: 13px; }
#conversation { width: 720px; }
#conversation > h6 { display: none; }
img.emoji { display: inline !important; width: 1.1em; height: 1.1em; vertical-align: -0.2em; }
#sheet { columns: 3; column-gap: 14px; width: 1920px; padding: 10px; box-sizing: border-box; }
#sheet .one { break-inside: avoid; border: 1px solid #ddd; border-radius: 8px; margin: 0 0 14px; }
#sheet .one { display: inline-block; }
.one h6 { margin: 0 0 8px; color: #888; font: 12px Arial, sans-serif; }
.modal { border: 1px solid #ccc; border-radius: 10px; padding: 18px; box-shadow: 0 4px 18px #0002; }
.modal h2 { font-size: 19px; font-weight: 900; margin: 0 0 14px; }
.modal footer { text-align: right; border-top: 1px solid #eee; padding-top: 12px; margin-top: 14px; }
.modal footer > * { border: 1px solid #ccc; border-radius: 6px; padding: 8px 14px; margin-left: 10px; }
.modal footer b { background: #007a5a; color: #fff; border-color: #007a5a; }
"""


def form() -> Form:
    return Form(
        playbook="deploy_model",
        title="Deploy a model",
        text="I have **churn**. What else should I know?",
        fields=(
            FormField(
                name="version",
                label="Version",
                kind="choice",
                required=True,
                value="v2",
                choices=(("v2", "v2, trained on 2 March"), ("v1", "v1, serving now")),
            ),
            FormField(name="canary", label="Canary, % of traffic", kind="number", value="10", low=1, high=50),
            FormField(name="when", label="When", kind="time", hint="Nothing means at once."),
        ),
    )


def messages() -> dict[str, dict[str, Any]]:
    """Name -> blocks; a title makes them a modal, page the Home tab."""
    found: dict[str, dict[str, Any]] = {
        name: {"blocks": render(posted(card()), form=name == "question").blocks}
        for name, card in sample_cards.ALL.items()
    }
    plan, ended = real_release()
    asked, released = render(posted(plan)).blocks, render(posted(ended)).blocks
    found["approval"] = {"blocks": asked}
    told = [_said("*Erin*\n@bizaiops deploy churn v2 as a 10% canary"), *asked]
    told += [_said("_The lead approves. The same message, once the release has ended:_"), *released]
    found["conversation"] = {"blocks": told}
    plain = render(posted(sample_cards.alert_card()), native=False)
    found["alert without native charts"] = {"blocks": plain.blocks}
    cards = (sample_cards.alert_card(), sample_cards.verdict_card(), sample_cards.question_card())
    found["home"] = {"blocks": home_view(cards, who="lead")["blocks"], "page": True}
    wrong = {"canary": "10% of churn is with v3 already. Give another share, or wait for run 6."}
    views = {"form": form_view(form(), channel="C1", thread="", errors=wrong)}
    views["reason"] = ask_reason("c-7", "k1", "Reject", "Why do you reject run 7?", "C1", "")
    for name, view in views.items():
        found[name] = {"blocks": view["blocks"], "title": view["title"]["text"], "submit": view["submit"]["text"]}
    return found


def _said(words: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": words}}


def real_release() -> tuple[Card, Card]:
    """The card of a release as a demo posts it when somebody asks for one, and as it is once the release has ended."""
    with tempfile.TemporaryDirectory() as place:
        demo = DemoProcess(Path(place) / "data")
        try:
            plan = demo.start(speed=SPEED).says("deploy churn v2 as a 10% canary")
            asked = _card(plan)
            demo.click(plan, "Approve", by="lead")
            demo.finished(1, patience_s=PATIENCE_S)
            ended = next(card for card in demo.cards() if card["id"] == plan["id"])
        finally:
            demo.end()
    return asked, _card(ended)


def _card(shown: Any) -> Card:
    said = CardOut.model_validate(shown)
    buttons = tuple(Button(label=one.label, command=one.label, style=one.style) for one in said.buttons)
    return card_of(said).model_copy(update={"buttons": buttons})


def html_of(shown: dict[str, dict[str, Any]]) -> str:
    css = installed(FOLDER, "slack-blocks-to-jsx/dist/style.css").resolve()
    script = (FOLDER / "draw.mjs").resolve()
    done = subprocess.run(
        ["node", str(script)], input=json.dumps(shown), capture_output=True, text=True, check=True, timeout=60
    )
    drawn: dict[str, str] = json.loads(done.stdout)
    ones = {name: f'<div class="one" id="{_id(name)}"><h6>{name}</h6>{inside}</div>' for name, inside in drawn.items()}
    sheet = "".join(one for name, one in ones.items() if name not in APART)
    rest = "".join(ones[name] for name in ones if name in APART)
    head = f'<meta charset="utf-8"><link rel="stylesheet" href="{css.as_uri()}"><style>{STYLE}</style>'
    return f'{head}<div id="sheet">{sheet}</div>{rest}'


def _id(name: str) -> str:
    return name.replace(" ", "-")


def take(page: Page, selector: str, to: Path) -> None:
    """Few colours: a page of documentation should stay light."""
    page.locator(selector).screenshot(path=str(to))
    with Image.open(to) as picture:
        picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(to, "PNG", optimize=True)
    print(f"{to}  {to.stat().st_size // 1000} kB")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--to", type=Path, default=None)
    given = arguments.parse_args()
    to = given.to or IMAGES
    to.mkdir(parents=True, exist_ok=True)
    shown = messages()
    page_file = (given.to or FOLDER / "node_modules") / "slack-cards.html"
    page_file.write_text(html_of(shown))
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        page = browser.new_page(viewport={"width": 1920, "height": 1200})
        page.goto(page_file.resolve().as_uri())
        take(page, "#sheet", to / "slack-cards.png")
        for name in shown:
            if given.to or name in KEPT:
                take(page, f".one#{_id(name)}", to / f"slack-{_id(name)}.png")
        browser.close()


if __name__ == "__main__":
    main()
