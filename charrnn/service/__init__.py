"""Training for many people at once: jobs, worker processes, a queue, visitors' sessions."""
