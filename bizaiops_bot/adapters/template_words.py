"""Words without a language model: what the facts say themselves."""

from __future__ import annotations

from bizaiops_bot.domain.facts import Facts, Said, Task, template


class TemplateWords:
    """The Words port. Nothing leaves the machine, nothing costs money, the same facts get the same words."""

    async def sentence(self, task: Task, facts: Facts, *, channel: str) -> Said:
        return template(facts)

    async def investigate(self, model: str, facts: Facts, *, channel: str) -> Said:
        return template(facts)
