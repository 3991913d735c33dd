"""The handbook in the console, where cards link to, and files that cards carry."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup

from bizaiops_bot.domain.cards import File
from bizaiops_bot.domain.errors import NotFound
from bizaiops_bot.handbook.book import folder
from bizaiops_bot.handbook.html import GLOSSARY, page_names, read_page
from bizaiops_bot.surfaces.api import After
from bizaiops_bot.surfaces.console.chat import find_card
from bizaiops_bot.surfaces.console.views import page
from bizaiops_bot.surfaces.site import SiteDep

router = APIRouter(include_in_schema=False)


@router.get("/handbook")
async def contents(request: Request) -> HTMLResponse:
    """All pages."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name in page_names(folder()):
        group = name.partition("/")[0] if "/" in name else "words"
        groups.setdefault(group, []).append((name, read_page(folder(), name).title))
    return page(request, "handbook.html", title="Handbook", groups=groups, body="")


@router.get("/handbook/{name:path}")
async def one_page(request: Request, name: str) -> HTMLResponse:
    """One page, as Markdown in the package; its headings have the anchors that cards link to."""
    found = read_page(folder(), name.strip("/") or GLOSSARY)
    return page(request, "handbook.html", title=found.title, groups={}, body=Markup(found.body))


@router.get("/files/{card_id}/{index}")
async def file(site: SiteDep, card_id: str, index: int, c: str = "", seq: After = 0) -> Response:
    """The `index`-th file of a card, to be saved and never shown in the page."""
    posted = await find_card(site, card_id, c, seq)
    files = [block for block in posted.blocks if isinstance(block, File)]
    if not 0 <= index < len(files):
        raise NotFound("file", str(index), [str(i) for i in range(len(files))])
    headers = {"Content-Disposition": f'attachment; filename="{files[index].name}"', "Cache-Control": "private"}
    return Response(files[index].text, media_type="text/csv; charset=utf-8", headers=headers)
