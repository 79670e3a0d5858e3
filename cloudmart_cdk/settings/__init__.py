"""One frozen, validated settings object per synth.

Owns every figure that a stage or a user can choose, and the checks that need no AWS library, so that
bad input is refused before `aws_cdk` (seconds of import) is loaded. Does not own resources.
"""

from .loading import SettingsError, load_settings
from .model import Settings

__all__ = ["Settings", "SettingsError", "load_settings"]
