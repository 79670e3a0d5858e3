#!/bin/sh
# Finds a Python that can set the project up, and lets it. Everything else is in set_up.py.
# PYTHON=/path/to/python chooses one.

able='import sys, venv, importlib.util as u
sys.exit(0 if sys.version_info >= (3, 11) and (u.find_spec("ensurepip") or u.find_spec("pip")) else 1)'
seen=''

for candidate in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11; do
    command -v "$candidate" >/dev/null 2>&1 || continue
    if "$candidate" -c "$able" >/dev/null 2>&1; then
        exec "$candidate" "$(dirname "$0")/set_up.py"
    fi
    lacks=$("$candidate" -c 'import sys; print(
        "Python %d.%d" % sys.version_info[:2],
        "is too old" if sys.version_info < (3, 11) else "lacks the modules venv, ensurepip and pip")' 2>/dev/null) ||
        lacks='does not start'
    seen="$seen${seen:+, }$candidate: $lacks"
done

echo "error: python: given ${seen:-none in PATH}; allowed: 3.11 or newer with its venv module;" \
    "install it (Debian: python3 python3-venv) or name one with make PYTHON=/path/to/python" >&2
exit 1
