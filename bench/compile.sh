#!/usr/bin/env bash
# What programs that use etta cost to compile: prints one JSON line per program, compiler and flags, then a table.
#
#   bench/compile.sh [FILTER]       FILTER: a part of the program's name; "layer": every layer on its own, against the include
#   bench/compile.sh --check        the programs that have a budget, g++ only; fails and names what is over
#     --markdown                    the table as Markdown, to paste into docs/performance.md
#
# Seconds are processor time in user mode, of the compiler and all it starts: other work on the machine does not count.
# CXXFLAGS: flags put before the others.
set -eu
exec python3 "$(dirname "$0")/compile.py" "$@"
