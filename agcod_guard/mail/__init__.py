"""What is written to people, and what carries it."""
