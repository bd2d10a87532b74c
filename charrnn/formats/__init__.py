"""The .npz container, and conversions to PyTorch, safetensors, ONNX and a web page."""
