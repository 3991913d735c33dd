"""Read the company's folder again, without a restart."""

from bizaiops_bot.playbook import (
    BadInput,
    Button,
    Card,
    CompanyChanges,
    Diff,
    Inputs,
    Run,
    Text,
    playbook,
)

REMIND = {"4h": "approver"}
"""When approvers who have not decided are told again."""
AT_ONCE = "People, models, KPIs, rules, policy, freeze windows, budgets and notices are reloaded; ports, store, chats, \
address and environments need a restart."


class ReloadCompany(Inputs):
    """Read the company's folder again: its people, models, KPIs, rules, policy and notices hold from then on."""


@playbook(title="Reload the company", risk="change")
async def reload_company(run: Run, _ask: ReloadCompany) -> Card:
    found = await run.read(run.records.company_changes)
    _require_change(found)
    later = found.after_a_restart()
    await run.approve(
        f"Take over what {found.folder} says now? {_count(found)}{f' {later}' if later else ''}",
        escalate=REMIND,
        undo="put the files back, and reload the company again",
    )
    done = await run.step(
        "reload the company", run.controls.reload_company, found.digest, changes=found.now, detail=lambda d: d.spoken()
    )
    return _card(run, found if run.planning else done)


def _require_change(found: CompanyChanges) -> None:
    """Raises BadInput for a folder that cannot be used, and for one where nothing has changed that can be reloaded."""
    if found.mistakes:
        raise BadInput(
            "The company was not reloaded, and stays as it was read.",
            f"{'; '.join(found.mistakes)}.",
            f"Mend it and say it again; `bizaiops company check {found.folder}` names every mistake.",
        )
    if not found.now:
        raise BadInput(
            "There is nothing to reload.",
            found.after_a_restart() or f"{found.folder} says what holds already.",
            AT_ONCE,
        )


def _count(found: CompanyChanges) -> str:
    count = len({line.what for line in found.now})
    return "1 thing changes." if count == 1 else f"{count} things change."


def _card(run: Run, done: CompanyChanges) -> Card:
    later = " ".join(filter(None, [done.elsewhere(), done.after_a_restart()]))
    said = f"The company is reloaded from {done.folder}: {done.spoken()}.{f' {later}' if later else ''}"
    return Card(
        title="The company is reloaded",
        tone="warning" if later else "success",
        summary=said,
        blocks=(Diff(lines=done.now), *((Text(text=later),) if later else ()), Text(text=AT_ONCE)),
        buttons=(Button(label="Models", command="what models do we have?"),),
        run_id=run.id,
    )
