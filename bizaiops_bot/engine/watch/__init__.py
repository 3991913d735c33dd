"""What the bot begins unasked: alerts by its rules, schedules, timers that are due."""
