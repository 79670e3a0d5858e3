"""Thin stacks: compose constructs, wire them, grant."""
