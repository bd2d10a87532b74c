"""The network's cells, recurrent layers, model and loss, and sampling from it."""
