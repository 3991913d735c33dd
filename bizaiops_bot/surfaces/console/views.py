"""Templates: one environment, its filters, and the three kinds of answers (page, fragment, toast)."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bizaiops_bot.domain.cards import Diff, DiffLine
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.posts import file_path
from bizaiops_bot.domain.recurrence import spoken
from bizaiops_bot.domain.values import spoken_duration
from bizaiops_bot.surfaces.render.clean import number, one_line
from bizaiops_bot.surfaces.render.html import STEP_SIGNS, block_html, blocks_html, card_details, inline, safe, took
from bizaiops_bot.surfaces.render.svg import spark_svg, split_bar

HERE = Path(__file__).parent
STATIC = HERE / "static"
THEME_COOKIE = "bizaiops_theme"


@cache
def static_url(name: str) -> str:
    """Address of a static file; it changes with the file, so that browsers may keep it for ever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def clock_time(when: datetime) -> Markup:
    """The time as 14:02, the whole time on hover and for machines."""
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        when.isoformat(), f"{when:%a %-d %b %Y %H:%M:%S} UTC", f"{when:%H:%M}"
    )


def date_time(when: datetime | None) -> Markup:
    """The date as 21 Nov 14:02, or a dash."""
    if when is None:
        return Markup("–")
    return Markup('<time datetime="{}">{}</time>').format(when.isoformat(), f"{when:%-d %b %H:%M}")


def local_time(when: datetime | None, zone: str) -> Markup:
    """As `date_time`, on the clocks of `zone`."""
    return date_time(when and when.astimezone(ZoneInfo(zone)))


def pretty(value: Any) -> str:
    """JSON for people."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def initials(name: str) -> str:
    """One or two letters for an avatar."""
    words = [word for word in name.replace(":", " ").replace("_", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:2]).upper() or "?"


def hue(actor: str) -> int:
    """Which of six avatar colours someone has; the same everywhere."""
    return hashlib.sha256(actor.encode(errors="replace")).digest()[0] % 6


def diff_html(lines: tuple[DiffLine, ...]) -> Markup:
    """The changes of a plan."""
    return block_html(Diff(lines=lines))


@cache
def environment() -> Environment:
    """Autoescape everywhere, and an unknown name is an error rather than an empty place."""
    env = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters |= {
        "clock": clock_time,
        "when": date_time,
        "number": number,
        "one_line": one_line,
        "initials": initials,
        "hue": hue,
        "inline": inline,
        "safe_text": safe,
        "pretty": pretty,
        "duration": spoken_duration,
        "step_time": took,
        "recurring": spoken,
        "when_in": local_time,
    }
    env.globals |= {
        "static": static_url,
        "blocks_html": blocks_html,
        "card_details": card_details,
        "block_html": block_html,
        "spark": spark_svg,
        "split_bar": split_bar,
        "step_signs": STEP_SIGNS,
        "diff_html": diff_html,
        "file_path": file_path,
    }
    return env


def fragment(template: str, **values: Any) -> str:
    """A piece of a page."""
    return environment().get_template(template).render(**values)


def page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A whole page in the visitor's theme."""
    site = request.app.state.site
    theme = request.cookies.get(THEME_COOKIE, "")
    people: list[Actor] = site.desk.people()
    viewer = site.viewer(request)
    html = fragment(
        template,
        site=site,
        theme=theme if theme in {"light", "dark"} else "",
        people=people,
        viewer=viewer,
        path=request.url.path,
        **values,
    )
    return HTMLResponse(html, status, headers={"Cache-Control": "no-store"})


def toast(text: str, tone: str = "info", *, event: str = "") -> HTMLResponse:
    """A short answer in the corner of the page, wherever the request came from. `event` is raised in the page."""
    headers = {"HX-Retarget": "#toasts", "HX-Reswap": "beforeend"} | ({"HX-Trigger": event} if event else {})
    return HTMLResponse(fragment("_toast.html", text=text, tone=tone), headers=headers)
