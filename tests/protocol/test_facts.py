"""docs/facts.md is what the code says."""

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_of_facts_is_what_the_generator_writes():
    generated = runpy.run_path(str(DOCS / "generate_facts.py"))["facts"]()

    assert (DOCS / "facts.md").read_text(encoding="utf-8") == generated
