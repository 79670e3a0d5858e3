"""What the project's commands have in common: `python -m delivery`, `labs.*`, `localcloud`, `preflight`, `tools.*`.

Owns how they refuse (one line: what, given, allowed, what to do), the options that several take, and how they end.
What a command does, and its own options, are its own. Needs nothing but the standard library until AWS or settings are
asked for: some commands run where nothing else is installed.
"""
