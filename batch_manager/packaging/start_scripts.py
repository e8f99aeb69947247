"""The scripts that start Python out of a package on a node. Pure.

Both take the words of Python: ``start.sh -m <workload> job-manager``. They end with 78 and a sentence where no Python
of the right version is found. On Linux, a Python whose file name tells its version is not asked for it, as that would
cost a start of Python for each task; a shim, which may stand for nothing, is.
"""

from __future__ import annotations

from batch_manager.environment import NODE_PYTHON
from batch_manager.exit_codes import ExitCode

_LINUX = """\
#!/bin/sh
# Runs Python @MINOR@ with this package's modules: start.sh -m PACKAGE ...
case $0 in
/*) here=${0%/*} ;;
*/*) here=$PWD/${0%/*} ;;
*) here=$PWD ;;
esac
say() { echo "start.sh: $1" >&2; }
is_right() {
    found=$(command -v "$1") || return 1
    case $found in
    */shims/*) ;;
    */python@MINOR@) return 0 ;;
    esac
    "$found" -I -S -c 'import sys; sys.exit(sys.version_info[:2] != (@TUPLE@))' 2>/dev/null
}
python=
if [ -n "${@VARIABLE@-}" ]; then
    if ! is_right "$@VARIABLE@"; then
        say "@VARIABLE@ is '$@VARIABLE@', which is no Python @MINOR@; this package needs one"
        exit @CODE@
    fi
    python=$@VARIABLE@
else
    for name in python@MINOR@ python3 python; do
        if is_right "$name"; then python=$name; break; fi
    done
fi
if [ -z "$python" ]; then
    say "no Python @MINOR@ on this node, which this package needs: install it, or name one in @VARIABLE@"
    exit @CODE@
fi
PYTHONPATH=$here/site${PYTHONPATH:+:$PYTHONPATH}
export PYTHONPATH
exec "$python" "$@"
"""

_WINDOWS = """\
@echo off
rem Runs Python @MINOR@ with this package's modules: start.cmd -m PACKAGE ...
setlocal
if defined PYTHONPATH set "PYTHONPATH=%~dp0site;%PYTHONPATH%"
if not defined PYTHONPATH set "PYTHONPATH=%~dp0site"
if defined @VARIABLE@ goto given
py -@MINOR@ -I -S -c "@CHECK@" >nul 2>nul
if %ERRORLEVEL%==0 goto launcher
python@MINOR@ -I -S -c "@CHECK@" >nul 2>nul
if %ERRORLEVEL%==0 goto versioned
python3 -I -S -c "@CHECK@" >nul 2>nul
if %ERRORLEVEL%==0 goto three
python -I -S -c "@CHECK@" >nul 2>nul
if %ERRORLEVEL%==0 goto plain
echo start.cmd: no Python @MINOR@ on this node, which this package needs: install it, or name one in @VARIABLE@ 1>&2
exit /b @CODE@
:given
"%@VARIABLE@%" -I -S -c "@CHECK@" >nul 2>nul
if not %ERRORLEVEL%==0 goto wrong
"%@VARIABLE@%" %*
exit /b %ERRORLEVEL%
:wrong
echo start.cmd: @VARIABLE@ names no Python @MINOR@; this package needs one 1>&2
exit /b @CODE@
:launcher
py -@MINOR@ %*
exit /b %ERRORLEVEL%
:versioned
python@MINOR@ %*
exit /b %ERRORLEVEL%
:three
python3 %*
exit /b %ERRORLEVEL%
:plain
python %*
exit /b %ERRORLEVEL%
"""


def linux_script(python: str) -> str:
    """``start.sh`` for a Python such as ``3.12``."""
    return _filled(_LINUX, python)


def windows_script(python: str) -> str:
    """``start.cmd`` for a Python such as ``3.12``, with the line ends of Windows."""
    return _filled(_WINDOWS, python).replace("\n", "\r\n")


def _filled(text: str, python: str) -> str:
    numbers = python.replace(".", ", ")
    words = {
        "@CHECK@": f"import sys; sys.exit(sys.version_info[:2] != ({numbers}))",
        "@TUPLE@": numbers,
        "@MINOR@": python,
        "@VARIABLE@": NODE_PYTHON,
        "@CODE@": str(ExitCode.CONFIGURATION.value),
    }
    for word, value in words.items():
        text = text.replace(word, value)
    return text
