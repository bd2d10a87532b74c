"""The How it works tab: one step in numbers, learning, gates, and a tour."""
