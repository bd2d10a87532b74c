"""The server around the page: launch, middleware and temporary files."""
