"""Tests of `tools.plan`."""
