"""What only `train` uses: its plan, its saves, its report, and where it runs."""
