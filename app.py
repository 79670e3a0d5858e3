"""Entry point of `cdk`: context in, cloud assembly out."""

import gc
import os
import sys


def _say_that_nothing_is_checked() -> None:
    """Refused in CI, where templates have to be checked."""
    from cloudmart_cdk.policy.off import NOTICE

    if os.environ.get("CI", "").lower() not in ("", "0", "false"):
        sys.exit("error: policy: given off in CI; allowed: on; CI checks what is deployed: take -c policy=off away")
    print(NOTICE, file=sys.stderr)


def main() -> None:
    try:
        from cloudmart_cdk.caches import keep_caches_in_project
        from cloudmart_cdk.settings import SettingsError, load_settings
        from cloudmart_cdk.settings.loading import read_context
    except ModuleNotFoundError as missing:
        sys.exit(
            f"error: {missing.name} is not installed for {sys.executable}; `make setup`, then `. .venv/bin/activate`"
        )
    context = read_context()
    try:
        settings = load_settings(context)
    except SettingsError as refused:
        sys.exit(str(refused))
    if settings.policy == "off":
        _say_that_nothing_is_checked()
    keep_caches_in_project()
    # A synth ends before its garbage is worth collecting; a tenth of its time otherwise.
    gc.disable()
    # Imported late: bad input is answered before CDK's seconds of start-up.
    from cloudmart_cdk.application import build_app

    app = build_app(settings, context=context)
    try:
        app.synth()
    except RuntimeError as failed:
        # jsii wraps the findings' exception; the findings themselves are printed above, the trace adds nothing.
        if "ValidationFailed" not in str(failed):
            raise
        sys.exit(f"error: synth refused by the findings above; fix them or acknowledge them where they arise. {failed}")
    gc.freeze()  # nor at exit, where Python would look once more


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("error: interrupted; nothing is deployed by a synth, run it again")
