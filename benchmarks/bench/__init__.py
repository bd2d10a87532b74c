"""What the benchmarks are made of: child processes that work, and a driver that takes turns."""
