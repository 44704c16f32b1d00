#!/usr/bin/env bash
# Measures etta beside Eigen, OpenBLAS, oneDNN, libtorch and plain loops, in one run and interleaved: prints one JSON line
# per workload, side and number of threads, then tables with the ratios and with the goals.
#
#   bench/run.sh [OPTIONS] [FILTER]     FILTER: a part of the workload's name, or several with commas: T1,G1.gemm
#     --peers       installs the peers by apt first; without it those are used that are there
#     --markdown    the tables as Markdown, to paste into docs/performance.md
#     --quick       3 short rounds: a look, not a measurement
#     --cpu-time    1 thread, timed by processor time: what to use while others use the machine
#     further options: bench/run.sh --help
#
# BENCH_PYTHON: a Python that has PyTorch (pip install torch numpy), to measure training beside the newest one, too.
# CXX: another compiler than g++. CXXFLAGS: further flags for etta's programs. ETTA_BUILD: where to build (default:
# build/bench).
set -eu
here=$(cd "$(dirname "$0")" && pwd)

arguments=()
for argument in "$@"; do
    if [ "$argument" = --peers ]; then
        . "$here/../cmake/apt.sh"
        etta_need g++ python3 libeigen3-dev libopenblas-dev libopenblas0-openmp libdnnl-dev libtorch-dev
    else
        arguments+=("$argument")
    fi
done
exec python3 "$here/run.py" ${arguments[@]+"${arguments[@]}"}
