"""`python -m bizaiops_bot` is `bizaiops`."""

from bizaiops_bot.cli.main import main

main()
