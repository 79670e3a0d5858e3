"""Runs in AWS: removes the course's stacks that outlived their tag `Lifetime`. `constructs/lifetime.py` makes it."""
