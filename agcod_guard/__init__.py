"""Watch Amazon's gift card API (AGCOD) through the client you already have."""

__version__ = "0.1.0"
