"""Where calls are caught: adapters of the clients a partner already has."""
