"""A page of the handbook as HTML: Markdown without raw HTML, links within the handbook, anchors at its headings."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bizaiops_bot.domain.errors import NotFound
from bizaiops_bot.domain.glossary import TERMS
from bizaiops_bot.handbook.pages import FOLDERS, slug

GLOSSARY = "glossary"
_PAGE = re.compile(r"[a-z-]+(?:/[a-z0-9-]+)?")


@dataclass(frozen=True)
class Page:
    """title: of the browser's tab. body: safe HTML."""

    title: str
    body: str


def page_names(folder: Path | None) -> list[str]:
    """Every page, by folder: "how-to/write-a-rule"."""
    files = [path for name in FOLDERS for path in sorted((folder / name).glob("*.md"))] if folder else []
    return [GLOSSARY, *(path.relative_to(folder).with_suffix("").as_posix() for path in files if folder)]


def read_page(folder: Path | None, name: str) -> Page:
    """Raises NotFound for what is no page; a name cannot lead out of the folder."""
    known = page_names(folder)
    if not _PAGE.fullmatch(name) or name not in known:
        raise NotFound("page of the handbook", name[:80], known)
    text = _glossary() if name == GLOSSARY or folder is None else (folder / f"{name}.md").read_text(encoding="utf-8")
    tokens = _MARKDOWN.parse(text)
    _link(tokens, name)
    title = next((tokens[i + 1].content for i, token in enumerate(tokens) if token.type == "heading_open"), name)
    return Page(title, _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))


def _link(tokens: list[Token], page: str) -> None:
    """Headings get their anchors; links to other pages lead to the handbook, all others become plain words."""
    for i, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", slug(tokens[i + 1].content))
        for inner in token.children or ():
            if inner.type == "link_open":
                _redirect(inner, page)
            elif inner.type == "image":
                inner.type, inner.content, inner.children = "text", str(inner.content), None


def _redirect(token: Token, page: str) -> None:
    """External addresses stay; what the handbook has not (code, decisions) leads nowhere."""
    href = str(token.attrGet("href") or "")
    if href.startswith(("https://", "http://", "#")):
        return
    path, _, anchor = href.partition("#")
    target = posixpath.normpath(posixpath.join(posixpath.dirname(page), path))
    if path.endswith(".md") and target.partition("/")[0] in FOLDERS:
        token.attrSet("href", f"/handbook/{target.removesuffix('.md')}" + (f"#{anchor}" if anchor else ""))
    else:
        token.attrs.pop("href", None)


def _glossary() -> str:
    rows = [f"## {term.names[0]}\n\n{term.meaning}\n\nAlso: {', '.join(term.names[1:])}." for term in TERMS]
    return "\n\n".join(["# Glossary", *(row.removesuffix("\n\nAlso: .") for row in rows)])


_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
