"""What the workflows of the pipeline call (`.github/workflows`, docs/pipeline.md): what a pull request changes, the one
comment that says so, whether the shop answers after a deploy, the one issue about drift.

Owns no way to AWS: stages are deployed and looked at by CDK's CLI.
"""
