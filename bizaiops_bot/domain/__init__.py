"""Values and pure decisions: verdicts, drift, rules, KPIs, plans, cards. No clock, no files."""
