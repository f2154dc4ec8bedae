"""Where calls and incidents are kept: the journal's segments and the ladder."""
