"""The .npz container, and conversions to PyTorch, safetensors, ONNX and a web page."""

from charrnn.formats.torch import from_torch, to_torch

__all__ = ["from_torch", "to_torch"]
