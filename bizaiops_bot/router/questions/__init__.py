"""Questions are composed: words have tags, tags make questions, and what is open here fills in "it".

`read` is the door. It declines what it is not sure of, and it never reads an order.
"""

from bizaiops_bot.router.questions.reading import Asked, read

__all__ = ["Asked", "read"]
