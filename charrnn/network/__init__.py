"""The network: cells, recurrent layers, the model, its loss, and sampling from it."""
