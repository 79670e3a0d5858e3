"""The rule sets that others publish, run offline over what the app synthesizes; what was decided about each failure.

`python -m tools.compliance` writes docs/compliance.md. `guard` runs AWS Control Tower's rules, `nag` cdk-nag's packs,
`decisions` joins failures with `decisions.toml`, `page` writes.
"""
