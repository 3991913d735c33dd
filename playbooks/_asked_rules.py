"""Questions about what holds: freezes, rules, who is there, what the language model cost."""

from __future__ import annotations

from datetime import datetime, timedelta

from bizaiops_bot.playbook import (
    PLAYBOOKS,
    AuditEntry,
    Button,
    Card,
    Freeze,
    Inquiry,
    Rule,
    Run,
    Table,
    Use,
    spoken_duration,
    spoken_end,
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


async def of_freezes(run: Run, ask: Inquiry) -> Card:
    """Whether, why, since when, until when and by whom changes are frozen, and when they will be."""
    known = await run.read(run.records.freezes)
    of = "the freezes that people set and the calendar's windows"
    held = next((freeze for freeze in known if freeze.holds), None)
    if held is None:
        begun = await _last_freeze(run)
        last = f"The last freeze was {begun.actor}'s, {stamp(begun.at)}." if begun else "No freeze is on record."
        coming = [f"The next one: {freeze.span}, by {freeze.by}." for freeze in known[:1]]
        said = "No, changes are not frozen" if ask.aggregate == "state" else "Changes are not frozen"
        more = " ".join([*coming, last, "Going back to an older version is never frozen."])
        return answer(ask, run, said, of=of, more=more)
    by_hand = held.timer is not None
    ends = "An approver can say `unfreeze deploys`." if by_hand else "The window ends by itself."
    said = _of_freeze(held, ask, await clock_now(run))
    more = ends if held.frozen in said else f"Changes are {held.frozen}. {ends}"
    buttons = (
        (Button(label="Unfreeze deploys", command="unfreeze deploys"),) if by_hand and ask.aggregate == "when" else ()
    )
    return answer(ask, run, said, of=of, more=more, tone="warning", buttons=buttons)


def _of_freeze(held: Freeze, ask: Inquiry, now: datetime) -> str:
    """What is asked of a freeze that holds."""
    if ask.aggregate == "who":
        return held.by
    if ask.aggregate == "why":
        return held.why.capitalize() or "No reason was given"
    if ask.measure == "end":
        end = "somebody lifts it: no end was given" if held.ends is None else spoken_end(held.ends, held.time_zone)
        return f"Until {end}"
    if ask.aggregate == "how_long":
        return f"For {spoken_duration((now - held.begins).total_seconds())}, since {stamp(held.begins)}"
    return f"Yes, changes are {held.frozen}" if ask.aggregate == "state" else f"Changes are {held.frozen}"


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
