"""The Share tab, with model files and the Hub."""
