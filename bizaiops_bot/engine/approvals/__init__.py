"""Gates, who may decide and for whom, what a decision does, safety first, and the card of a run."""
