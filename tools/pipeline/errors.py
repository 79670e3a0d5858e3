"""What ends a command of the pipeline."""

from commands.errors import CommandError


class PipelineError(CommandError):
    """GitHub, a template or a shop that is not as it has to be."""
