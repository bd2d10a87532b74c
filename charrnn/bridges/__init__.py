"""Ways in and out: PyTorch's names, safetensors, a web page, and the .npz files of old scripts."""

from charrnn.bridges.torch_names import from_torch, to_torch

__all__ = ["from_torch", "to_torch"]
