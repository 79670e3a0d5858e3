"""The function that rotates the database's and the cache's secrets, and prepares the database for its users.

Runs in AWS Lambda beside the stores (`constructs/rotation.py`), and as it is in the local cloud and the tests. Standard
library, boto3 (the runtime's) and pg8000 (packed with it) only. ADR 0013.
"""
