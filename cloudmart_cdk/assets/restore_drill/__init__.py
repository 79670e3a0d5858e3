"""A restore drill: is what was restored from a backup the shop's database, whole, readable and in time?

Runs in AWS Lambda (`constructs/restore_drill.py`) and, as it is, in the tests. `catalogue` and `reader` read a
database, `comparison` judges two, `handler` is the function beside the databases, `outcome` the one that tells people.
`steps` holds what Systems Manager runs itself. Logins and TLS are the rotation function's, packed beside. Standard
library, boto3 (the runtime's) and pg8000 (packed with it) only.
"""
