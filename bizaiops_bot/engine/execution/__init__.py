"""A playbook is called: to plan it, to carry it out durably, to replay it."""
