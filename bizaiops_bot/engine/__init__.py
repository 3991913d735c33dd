"""Orders, plans, durable runs, approvals, policy, alerts, schedules, posts and the audit, in rooms."""
