"""An export of the audit: one JSON object a line, the entries as they are stored, so that the file proves itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.engine.audit import pseudonyms
from bizaiops_bot.engine.audit.chain import Row, rows
from bizaiops_bot.engine.audit.signed_heads import Head, from_json
from bizaiops_bot.engine.audit.signing_keys import key_id
from bizaiops_bot.engine.store import tables as t

FORMAT = "bizaiops_audit"
VERSION = 1
FIELDS = ("seq", "at", "actor", "kind", "subject", "detail", "prev_hash", "hash")
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True)
class Header:
    """The first line. last: number of the last entry; own: public keys of the bot that wrote it; people: who the
    pseudonyms are, empty when they were left out or forgotten.
    """

    last: int
    heads: list[Head]
    own: list[str]
    people: dict[str, str]


def write(conn: sa.Connection, file: Path, header: Header, at: datetime) -> int:
    """Writes everything; the number of entries. Raises BadInput when the file exists already or cannot be written.

    Unfinished, it has another name.
    """
    unfinished = file.with_name(f"{file.name}.unfinished")
    if file.exists():
        raise BadInput(f"{str(file)!r} exists already.", do="Give another name: an audit is not overwritten.")
    keys = sorted({*header.own, *(head.key for head in header.heads)})
    first = {
        FORMAT: VERSION,
        "exported": at.isoformat(timespec="seconds"),
        "last": header.last,
        "keys": [{"id": key_id(k), "public": k, "own": k in header.own} for k in keys],
        "heads": [asdict(head) for head in header.heads],
        "people": header.people,
    }
    count = 0
    try:
        with unfinished.open("w", encoding="utf-8", errors="surrogateescape") as out:
            out.write(_encode(first) + "\n")
            for count, row in enumerate(rows(conn), 1):  # noqa: B007 - told below
                out.write(_encode(dict(zip(FIELDS, row, strict=True))) + "\n")
        unfinished.rename(file)
    except OSError as exc:
        raise BadInput(f"{str(file)!r} cannot be written.", f"{exc.strerror}.") from exc
    finally:
        unfinished.unlink(missing_ok=True)
    return count


def gather(conn: sa.Connection, heads: list[Head], own: list[str], *, with_people: bool) -> Header:
    last = conn.execute(sa.select(sa.func.max(t.audit.c.seq))).scalar() or 0
    return Header(int(last), heads, own, pseudonyms.names(conn) if with_people else {})


class Export:
    """A file that `write` made. `damaged` fills while the entries are read."""

    def __init__(self, file: Path) -> None:
        """Raises BadInput for anything else."""
        self._file, self.damaged = file, list[str]()
        try:
            with file.open(encoding="utf-8", errors="surrogateescape") as lines:
                first = json.loads(next(lines, ""))
            known = first[FORMAT] == VERSION
            self.header = Header(
                int(first["last"]),
                [head for head in (from_json(json.dumps(h)) for h in first["heads"]) if head is not None],
                [str(key["public"]) for key in first["keys"] if key["own"]],
                {str(k): str(v) for k, v in first["people"].items()},
            )
        except OSError as exc:
            raise BadInput(f"{str(file)!r} cannot be read.", f"{exc.strerror}.") from exc
        except (ValueError, TypeError, KeyError, AttributeError) as exc:
            raise BadInput(f"{str(file)!r} is no export of an audit.", "Its first line is not one's header.") from exc
        if not known:
            raise BadInput(f"{str(file)!r} was exported by another version of the bot.", f"This one reads {VERSION}.")

    def rows(self) -> Iterator[Row]:
        """The entries in the order of the file, a line in memory at a time."""
        with self._file.open(encoding="utf-8", errors="surrogateescape") as lines:
            next(lines)
            for number, line in enumerate(lines, 2):
                row = _row(line)
                if row is None:
                    self.damaged.append(f"line {number} of the file is not an entry")
                else:
                    yield row


def _row(line: str) -> Row | None:
    try:
        body: dict[str, Any] = json.loads(line)
        row = tuple(body[name] for name in FIELDS)
    except (ValueError, TypeError, KeyError):
        return None
    if len(body) != len(FIELDS):  # what no hash covers
        return None
    return row if type(row[0]) is int else None  # texts are checked by their hash
