"""The Generate tab, where the model writes, is compared and is tested."""
