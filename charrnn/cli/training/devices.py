"""Chooses where `train` computes: on this machine's processors, or on an NVIDIA GPU with CuPy."""

from __future__ import annotations

from charrnn.training.trainer import Trainer

DEVICES = ("cpu", "cuda")


def check(device: str, alone: bool) -> None:
    """Check, before a text is read, that a device can be used. Raises ValueError.

    alone: whether this process trains without others.
    """
    if device == "cpu":
        return
    if not alone:
        raise ValueError("--device cuda trains in one process: leave out --processes and mpirun.")
    try:
        import cupy

        cupy.cuda.runtime.getDeviceCount()
    except Exception as error:  # whatever a missing driver raises
        raise ValueError(
            "--device cuda needs an NVIDIA GPU and CuPy: pip install 'charrnn-numpy[cuda]'. "
            f"({type(error).__name__})"
        ) from None


def move(trainer: Trainer, device: str) -> None:
    """Move a trainer to a device."""
    if device == "cuda":
        import cupy

        trainer.move(cupy.asarray)
