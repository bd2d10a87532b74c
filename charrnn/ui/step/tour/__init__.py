"""The tour: eight lessons, and the chapters that they are taken from."""
