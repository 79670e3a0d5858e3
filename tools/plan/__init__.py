"""How long a deploy and a destroy take, and why: waves of stacks, critical paths, from documented times per resource
type.

Reads synthesized templates, asks no account. `python -m tools.plan`. The times and where they come from are
`times.toml`'s; what a stack costs is not here (`tools.cost`).
"""
