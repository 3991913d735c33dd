"""Links to the console, and files to take away.

A link of ours leads to the console and nowhere else: its path comes from the bot's code, its host from the settings.
"""

from __future__ import annotations

from bizaiops_bot.domain.cards import File, Link, Links
from bizaiops_bot.surfaces.render.blockkit_escape import line, literal
from bizaiops_bot.surfaces.render.blockkit_sheet import Json, Picture, Sheet, rich, section, small, word
from bizaiops_bot.surfaces.render.clean import one_line

LINKS_MAX, FILES_MAX = 6, 4


def draw_links(block: Links, _sheet: Sheet) -> list[Json]:
    """Without an address the page's name is told, and where it is."""
    shown = block.links[:LINKS_MAX]
    if not shown:
        return []
    if not block.site:
        return [small("In the console: " + " · ".join(f"{one_line(link.label, 120)}, {link.to}" for link in shown))]
    pieces: list[Json] = []
    for link in shown:
        pieces += [word(" · ")] if pieces else []
        pieces.append(_link(block.site, link))
    return [rich(section(pieces))]


def draw_file(block: File, sheet: Sheet) -> list[Json]:
    """The file itself is uploaded into the card's thread, like a picture."""
    told = f"{one_line(block.title, 120)}: {block.name}, {block.text.count(chr(10)):,} lines"
    if not sheet.home and len(sheet.pictures) < FILES_MAX:
        sheet.pictures.append(Picture(block.name, line(block.title, 120), block.text.encode))
    if not block.at:
        return [small(f"{told}, in the thread")]
    return [rich(section([{"type": "link", "url": block.at, "text": literal(block.name)}, word(f" {told}")]))]


def _link(site: str, link: Link) -> Json:
    return {"type": "link", "url": f"{site}{link.to}", "text": line(link.label, 120)}
