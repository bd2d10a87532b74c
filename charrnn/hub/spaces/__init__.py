"""Puts the whole page on the Hub as a Gradio Space, or a playable page as a static Space."""
