"""The runbook, rehearsed: every command of `docs/` is run as a person would run it, with nothing behind the programs.

`python -m tools.runbook` reads the pages (`pages`), runs each page's commands in bash (`rehearsal`) with a stand-in for
every program. The stand-ins ask this process what they may say: the AWS CLI's own parser and models (`aws_cli`), the
real kubectl, helm, cdk and make as far as they answer without a cluster or an account (`programs`), and the names that
the synthesized templates make (`names`). Nothing leaves the machine, and nothing is changed on it.

Owns what is checked. What the pages say is theirs; their shape and their links are held by `tests/runbook`.
"""
