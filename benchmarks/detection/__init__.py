"""Does the guard page for every real outage, and for nothing else?

`python -m benchmarks.detection` plays seeded, labelled streams of calls to the
rule and to what a partner could use instead, and prints who was right.
"""
