"""Questions are composed: words have tags, tags make questions, and what is open here fills in "it".

`read` is the door. It declines what it is not sure of, and it never reads an order. `proposed` is that of a language
model, which may choose a question where the words are strange.
"""

from bizaiops_bot.router.questions.proposed import ABOUT, KINDS, STATES, answerable, proposed
from bizaiops_bot.router.questions.reading import QUESTION, Asked, read

__all__ = ["ABOUT", "KINDS", "QUESTION", "STATES", "Asked", "answerable", "proposed", "read"]
