"""Call logs of any program, read while they are written."""
