"""A child process that is not root: PostgreSQL refuses to run as root, which containers usually are.

Owns the change of user between fork and exec. The child keeps root's way through closed folders (CAP_DAC_OVERRIDE, as
an ambient capability, so that it survives the exec), since the programs may lie below /root and the data below a folder
that is ours alone; no mode of a folder is changed for it. Where root lacks the capability, the child goes without, and
the folders' modes decide.
"""

import ctypes
import os
import pwd
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Final

USER: Final = "nobody"

# prctl(2), capabilities(7)
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_SECUREBITS: Final = 28
_PR_CAP_AMBIENT: Final = 47
_PR_CAP_AMBIENT_RAISE: Final = 2
_NO_SETUID_FIXUP: Final = 1 << 2
"""Without it access(2) forgets the capability as soon as the user is not root."""
_CAP_DAC_OVERRIDE: Final = 1
_CAPABILITY_VERSION_3: Final = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, *values: int) -> None:
    _libc.prctl(option, *(ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4]))


def _keep_only_dac_override() -> None:
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    mask = 1 << _CAP_DAC_OVERRIDE
    # effective, permitted, inheritable; the second half is for capabilities from 32 on.
    sets = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
    if _libc.capset(header, sets) == 0:
        _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE)
    else:
        _libc.capset(header, (ctypes.c_uint32 * 6)())


def _account() -> pwd.struct_passwd:
    return pwd.getpwnam(USER)


def own(*paths: Path) -> None:
    """Gives files to the unprivileged user, when we are root; else they are ours, and the child is us."""
    if os.geteuid() == 0:
        account = _account()
        for path in paths:
            os.chown(path, account.pw_uid, account.pw_gid)


def before_exec(*, drop: bool) -> Callable[[], None]:
    """For `subprocess.Popen(preexec_fn=...)` of a process without threads.

    The child is killed when we end. `drop`: it runs as the unprivileged user where we are root.
    """
    account = _account() if drop and os.geteuid() == 0 else None
    parent = os.getpid()

    def run() -> None:
        # What it writes, though it replace a file of ours (Redis its users), is for nobody else.
        os.umask(0o077)
        if account is not None:
            _prctl(_PR_SET_SECUREBITS, _NO_SETUID_FIXUP)
            os.setgroups([])
            os.setgid(account.pw_gid)
            os.setuid(account.pw_uid)
            _keep_only_dac_override()
        # After the change of user, which clears it.
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return run
