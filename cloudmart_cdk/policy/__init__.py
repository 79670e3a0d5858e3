"""What is checked at every synth: cdk-nag's AwsSolutions, and the project's own rules.

`families/` holds the rules, one family a module; `model` reads the templates, `engine` runs the rules, `plugin` hands
them to CDK. Only `plugin` imports CDK: tests and tools check templates without it.
"""
