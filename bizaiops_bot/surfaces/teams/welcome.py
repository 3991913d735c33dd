"""The first card a person sees: five things to say."""

from __future__ import annotations

from typing import Any

from bizaiops_bot.domain.people import Actor

SAY = (
    "status churn",
    "deploy churn v2 as a 10% canary",
    "why is churn's error rate up?",
    "how much revenue is at risk this week?",
    "send churn KPIs every Monday at 9:00",
)


def welcome(actor: Actor) -> dict[str, Any]:
    """Its buttons write the sentence for the person, as if typed."""
    first = actor.name.split(" ")[0].rstrip(",")
    return {
        "type": "AdaptiveCard",
        "version": "1.5",
        "body": [
            {"type": "TextBlock", "text": f"Hello {first}", "weight": "bolder", "size": "large", "wrap": True},
            {
                "type": "TextBlock",
                "wrap": True,
                "text": "I run your machine-learning models from here. Say what you want in your own words; before "
                "anything changes I show the plan and ask the people who must agree.",
            },
        ],
        "actions": [
            {"type": "Action.Submit", "title": said, "data": {"msteams": {"type": "imBack", "value": said}}}
            for said in SAY
        ],
    }
