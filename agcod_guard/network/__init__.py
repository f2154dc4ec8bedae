"""Asking the world whether our own way out is open."""
