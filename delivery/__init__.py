"""Release and rollback of the shop's backend without downtime: `python -m delivery release|rollback|status`.

Owns the way of a revision from a folder to all users, and back: fill the idle colour, install, show it to a few,
then to all, note it in the stack. Does not own the two colours, CodeDeploy's groups or the alarms: those are
BackendAsgStack's (ADR 0004, ADR 0014). Talks to AWS and to the local cloud by the same calls.
"""
