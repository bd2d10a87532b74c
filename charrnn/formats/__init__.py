"""Ways in and out: PyTorch's names, safetensors, a web page, and the .npz files of old scripts."""

from charrnn.formats.torch import from_torch, to_torch

__all__ = ["from_torch", "to_torch"]
