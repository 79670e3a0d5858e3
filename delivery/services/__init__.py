"""Releases of Tiketi's services without downtime: `python -m delivery release|promote|rollback|status --service NAME`.

Owns the way of an image from the service's repository to all users, and back (ADR 0020). Keeps no record of its own:
where a release stands is what the stack's parameters, the listener rule's weights and the targets' health say, so
that whoever comes next can go on or go back. Does not own pods, target groups or alarms: those are
EksPlatformStack's. CloudFormation applies what changes; this tool never talks to Kubernetes.
"""
