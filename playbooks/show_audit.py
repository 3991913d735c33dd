"""The newest entries of the audit log."""

import json

from bizaiops_bot.playbook import AuditEntry, Card, Context, Inputs, Run, Table, playbook, stamp

LIMIT = 20
DETAIL_CHARS = 120


class ShowAudit(Inputs):
    """Show the newest entries of the append-only audit log."""


@playbook(title="Show the audit log", risk="read")
async def show_audit(run: Run, ask: ShowAudit) -> Card:
    del ask
    entries = await run.read(run.records.audit, limit=LIMIT)
    if not entries:
        return Card(title="The audit log is empty", tone="muted", summary="Nothing has been audited yet.")
    newest = entries[0]
    rows = tuple((str(e.seq), stamp(e.at), e.actor, e.kind, e.subject, _detail(e)) for e in entries)
    return Card(
        title="Audit log",
        summary=f"{len(entries)} of {newest.seq} entries; the newest: {newest.actor}, {newest.kind}, {newest.subject}.",
        blocks=(
            Table(columns=("No", "When", "Who", "What", "On", "Detail"), rows=rows, align="rlllll"),
            Context(
                text=f"Hash of entry {newest.seq}: {newest.hash[:12]}. `bizaiops audit verify` checks the whole chain."
            ),
        ),
    )


def _detail(entry: AuditEntry) -> str:
    text = ", ".join(f"{k} {v if isinstance(v, str) else json.dumps(v, default=str)}" for k, v in entry.detail.items())
    return text if len(text) <= DETAIL_CHARS else f"{text[: DETAIL_CHARS - 1]}…"
