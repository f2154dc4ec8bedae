"""What AGCOD says: its hosts, operations, errors and contacts. Pure, no I/O."""
