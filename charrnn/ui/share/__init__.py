"""The Share tab: model files and the Hub."""
