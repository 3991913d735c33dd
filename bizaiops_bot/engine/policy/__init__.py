"""Cedar policy, budgets, freeze windows, and why something is allowed."""
