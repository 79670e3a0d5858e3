"""The lab guides' commands, run from top to bottom in a local cloud of their own: `python -m labs.rehearsal`.

Owns reading the guides (`guides`), the shell (`shell`), what its output is compared with (`expected`), the empty cloud
(`cloud`) with its `aws` command, and the order (`running`). The guides are prose in `docs/labs`; commands that only AWS
understands are judged by the runbook's rehearsal, in the tests.
"""
