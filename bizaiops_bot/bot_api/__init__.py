"""What the bot itself can be asked and told: records, controls, handbook. Playbooks, pages and programs use it."""
