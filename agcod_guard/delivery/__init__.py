"""Where finished files go: an incident's folder on disk."""
