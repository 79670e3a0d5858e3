"""The function that tells Slack and PagerDuty what the stage's topics say.

Runs in AWS Lambda behind a queue (`constructs/notifier.py`), and as it is in the local cloud and the tests. Standard
library and boto3 (the runtime's) only. What is told when, and why nothing is lost: `courier` and `judgement`.
"""
