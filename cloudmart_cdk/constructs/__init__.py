"""Capabilities, each a construct that a stack composes. None reads settings beyond what it is given."""
