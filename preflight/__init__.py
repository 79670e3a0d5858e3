"""Whether an account is ready for a deploy, asked before the first minute of it is spent.

Owns the questions to AWS and the judgement of the answers, a line each. Asks read-only, changes nothing, and says of
what it could not ask that it is not checked. What is needed stands in the settings and in the synthesized templates.
"""
