"""Shows a network in numbers: one step, the unrolled word, backwards, updates, gates."""
