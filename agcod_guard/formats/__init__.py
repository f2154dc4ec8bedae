"""What call logs of other programs say: a record in, a Call out. Pure."""
