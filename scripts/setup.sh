#!/bin/sh
# Make .venv hold the locked dependencies and this project; where it already does, nothing is done.
set -eu
cd "$(dirname "$0")/.."

INSTALLED=.venv/installed

# What .venv depends on. The place counts too: a virtual environment cannot be moved.
wanted() {
    pwd -P
    cat pyproject.toml requirements-build.lock requirements.lock scripts/install.py
}

# Whether .venv runs, and runs the Python that PYTHON asks for, if it asks for one.
venv_runs() {
    [ -x .venv/bin/python ] || return 1
    where='import sys; print(sys.base_prefix, sys.version)'
    found=$(.venv/bin/python -I -S -c "$where" 2>/dev/null) || return 1
    [ -z "${PYTHON:-}" ] || [ "$found" = "$("$PYTHON" -I -S -c "$where" 2>/dev/null)" ]
}

fail() {
    printf '%s\n' "$1" >&2
    exit 1
}

# Says what is wrong with a Python, old ones included; says nothing when it will do.
WHAT_IS_WRONG='
import sys
version = "%d.%d" % sys.version_info[:2]
if sys.version_info < (3, 11):
    print("old " + version)
else:
    for module in ("venv", "ensurepip", "ssl"):
        try:
            __import__(module)
        except ImportError:
            print("lacks " + module + " " + version)
            break
'

# Sets `python` to the first that will do.
find_python() {
    old='' lacking=''
    for candidate; do
        # A version manager may have a python3.12 on the path that only says which versions it could run.
        wrong=$("$candidate" -E -s -c "$WHAT_IS_WRONG" 2>/dev/null) || continue
        # shellcheck disable=SC2086  # its words are wanted
        set -- $wrong
        case ${1:-} in
            '') python=$candidate && return ;;
            old) old="${old:+$old, }$candidate is $2" ;;
            lacks) lacking=${lacking:-"$candidate (Python $3) lacks the module $2"} version=$3 ;;
        esac
    done
    other='or name another one: make setup PYTHON=/path/to/python3'
    [ -z "$lacking" ] ||
        fail "$lacking: install it (Debian, Ubuntu: apt install python$version-venv), $other"
    [ -z "${PYTHON:-}" ] || [ -n "$old" ] || fail "PYTHON=$PYTHON does not run: give it the path of a Python 3.11 or newer."
    fail "Office Search needs Python 3.11 or newer, but ${old:-none was found}: install one, $other"
}

if wanted | cmp -s - "$INSTALLED" && venv_runs; then
    exit 0
fi
if [ -n "${PYTHON:-}" ]; then
    find_python "$PYTHON"
else
    find_python python3 python3.13 python3.12 python3.14 python3.11
fi
rm -f "$INSTALLED"
"$python" -I scripts/install.py
wanted >"$INSTALLED"
