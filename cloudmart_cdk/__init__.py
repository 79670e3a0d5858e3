"""CloudMart on AWS: an AWS CDK application.

A value flows one way: stage file -> `settings` -> `application.build_app` -> stack parameter ->
construct parameter -> property. Nothing below `application` reads context, environment or files.
"""
