"""Computes gradients in one process, in several on one machine, or on MPI ranks."""
