"""The Look inside tab, which shows what a model computes."""
