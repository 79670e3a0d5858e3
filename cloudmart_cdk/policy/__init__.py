"""What is checked at every synth. `attach` is called once, by `application.build_app`."""

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks


def attach(app: App) -> None:
    """Run cdk-nag's AwsSolutions pack at synth; an unacknowledged finding fails it."""
    Validations.of(app).add_plugins(AwsSolutionsChecks(app, verbose=True))
