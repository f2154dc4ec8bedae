"""`python -m agcod_guard` is `agcod-guard`."""

from agcod_guard.cli import main

main(prog_name="agcod-guard")
