"""A trained model in the browser, and what can be asked of it."""
