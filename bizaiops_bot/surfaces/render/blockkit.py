"""Cards, forms and the Home tab as Slack's Block Kit.

Nothing here fails on a valid card; what is too long is cut, and told.
"""

from bizaiops_bot.surfaces.render.blockkit_check import check
from bizaiops_bot.surfaces.render.blockkit_escape import escape
from bizaiops_bot.surfaces.render.blockkit_home import home_view
from bizaiops_bot.surfaces.render.blockkit_message import SlackMessage, render
from bizaiops_bot.surfaces.render.blockkit_sheet import Picture
from bizaiops_bot.surfaces.render.blockkit_views import ask_reason, form_values, form_view

__all__ = [
    "Picture",
    "SlackMessage",
    "ask_reason",
    "check",
    "escape",
    "form_values",
    "form_view",
    "home_view",
    "render",
]
