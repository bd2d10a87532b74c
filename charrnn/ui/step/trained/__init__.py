"""Runs a trained model in the browser, where visitors question it."""
