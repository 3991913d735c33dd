"""Questions about what holds: freezes, rules, who is there, what the language model cost."""

from __future__ import annotations

import re
from datetime import timedelta

from bizaiops_bot.playbook import (
    PLAYBOOKS,
    AuditEntry,
    Button,
    Card,
    Inquiry,
    Rule,
    Run,
    Table,
    Use,
    spoken_duration,
    stamp,
)
from playbooks._asked import answer, in_time
from playbooks._cards import clock_now
from playbooks._words import local_day

MODES = {
    "auto": "acts at once, where policy permits it",
    "ask": "makes a plan and waits for an approval",
    "shadow": "only says what it would do",
}
AUDITED = 500
_CAUSE = re.compile(r" because of (.+)$")


async def of_freezes(run: Run, ask: Inquiry) -> Card:
    """Whether, why, since when and by whom changes are frozen."""
    frozen = await run.read(run.records.frozen)
    begun = await _last_freeze(run)
    of = "the freeze of changes and the calendar's windows"
    if not frozen:
        last = f"The last freeze was {begun.actor}'s, {stamp(begun.at)}." if begun else "No freeze is on record."
        said = "No, changes are not frozen" if ask.aggregate == "state" else "Changes are not frozen"
        return answer(ask, run, said, of=of, more=f"{last} Going back to an older version is never frozen.")
    by_hand = begun is not None and f"by {begun.actor} " in frozen
    more = "An approver can say `unfreeze deploys`." if by_hand else "The window ends by itself."
    buttons = (
        (Button(label="Unfreeze deploys", command="unfreeze deploys"),) if by_hand and ask.aggregate == "when" else ()
    )
    said = f"Yes, changes are {frozen}" if ask.aggregate == "state" else f"Changes are {frozen}"
    if ask.aggregate == "who" and begun is not None and by_hand:
        said = begun.actor
        more = f"Changes are {frozen}. {more}"
    if ask.aggregate == "why":
        cause = _CAUSE.search(frozen)
        said = cause[1].capitalize() if cause else "No reason was given"
        more = f"Changes are {frozen}. {more}"
    if ask.aggregate == "how_long" and begun is not None and by_hand:
        now = await clock_now(run)
        said = f"For {spoken_duration((now - begun.at).total_seconds())}, since {stamp(begun.at)}"
    if ask.measure == "end" and by_hand:
        said, more = "Until somebody lifts it: no end was given", f"Changes are {frozen}. {more}"
    return answer(ask, run, said, of=of, more=more, tone="warning", buttons=buttons)


async def _last_freeze(run: Run) -> AuditEntry | None:
    """The newest note that somebody froze changes."""
    entries = await run.read(run.records.audit, limit=AUDITED, subject="changes")
    return next((e for e in entries if e.kind == "freeze"), None)


async def of_rules(run: Run, ask: Inquiry) -> Card:
    """When the bot acts unasked."""
    rules = await run.read(run.records.rules)
    wanted = PLAYBOOKS.get(ask.kind)
    mine = [r for r in rules if wanted is None or r.playbook == wanted]
    verb = wanted.replace("_", " ").removesuffix(" model") if wanted else "do something"
    if not mine:
        said = f"No: no rule lets me {verb} by myself"
        return answer(ask, run, said, of="the rules")
    alone = [r for r in mine if r.mode == "auto"]
    said = (
        f"I {verb} by myself by {len(alone)} of {len(mine)} rules"
        if alone
        else f"Never without an approval: {len(mine)} rules only propose it"
    )
    more = " ".join(f"{_when(r)}: {MODES[r.mode]}." for r in (alone or mine)[:3])
    rows = tuple(
        (r.name, _when(r), (r.playbook or "tells people").replace("_", " "), MODES[r.mode], r.guards.cooldown)
        for r in mine
    )
    table = Table(columns=("Rule", "When", "What", "How", "At most every"), rows=rows)
    return answer(ask, run, said, of="the rules", more=more, tables=(table,))


def _when(rule: Rule) -> str:
    """ "errors detected within 20 min of a release"."""
    when = rule.when.replace("_", " ")
    only = rule.criteria.only_if_recent_release_minutes
    unless = rule.criteria.unless_recent_release_minutes
    if only is not None:
        when += f" within {only:g} min of a release"
    return f"{when}, but not within {unless:g} min of a release" if unless is not None else when


async def of_people(run: Run, ask: Inquiry) -> Card:
    """Who is on call: the bot knows no rota, but who may do what."""
    rows = []
    for action, words in (
        ("roll_back_model", "roll back"),
        ("approve", "approve"),
        ("freeze_deploys", "freeze changes"),
    ):
        rows.append((words, ", ".join(await run.read(run.records.who_may, action, ask.model)) or "nobody"))
    given = [f"{d.delegate} decides for {d.owner}" for d in await run.read(run.records.delegations)]
    more = "; ".join(f"{words}: {who}" for words, who in rows) + "." + "".join(f" {text}." for text in given)
    table = Table(columns=("To", "Who may"), rows=tuple(rows))
    return answer(
        ask, run, "No on-call rota is known to me", of="roles, policy and delegations", more=more, tables=(table,)
    )


async def of_costs(run: Run, ask: Inquiry) -> Card:
    """What the language model cost; the last 30 days where no time is named."""
    today = local_day(await clock_now(run), run.time_zone)
    first = local_day(ask.window.start, run.time_zone) if ask.window else today - timedelta(days=29)
    last = local_day(ask.window.end - timedelta(microseconds=1), run.time_zone) if ask.window else today
    days = await run.read(run.records.language_use, first, min(last, today))
    of = f"calls of the language model{'' if ask.window else ', the last 30 days'}"
    if not days:
        said = f"Nothing: no language model was called{in_time(ask) or ' in the last 30 days'}"
        return answer(ask, run, said, of=of)
    whole = sum(days.values(), Use())
    said = f"{whole.usd:,.2f} USD for {whole.calls:,} calls{in_time(ask) or ' in the last 30 days'}"
    rows = tuple(
        (f"{day:%a %-d %b}", f"{u.calls:,}", f"{u.tokens:,}", f"{u.usd:,.2f}")
        for day, u in sorted(days.items(), reverse=True)
    )
    table = Table(columns=("Day", "Calls", "Tokens", "USD"), rows=rows, align="lrrr")
    return answer(ask, run, said, of=of, more=f"{whole.tokens:,} tokens.", tables=(table,))
