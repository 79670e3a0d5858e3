"""Tests of the settings: what is accepted, and how the rest is refused."""
