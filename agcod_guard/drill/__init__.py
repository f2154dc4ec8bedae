"""A rehearsal of the main job on this machine: an outage, seen and judged."""
