"""`python -m bizaiops_bot` is `bizaiops`."""

from bizaiops_bot.cli import main

main()
