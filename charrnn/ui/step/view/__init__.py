"""The network in numbers: one step, the word unrolled, backwards, updates, gates."""
