"""Trains for many visitors at once: jobs, worker processes, a queue, visitors' sessions."""
