#!/usr/bin/env bash
# Builds all tests with g++ and with clang++ and runs them. Ends with ctest's summary over both; exits with 1 if anything
# fails. On a fresh Debian 12 it installs what it needs.
#
#   tests/run.sh                     both compilers
#   tests/run.sh gcc                 one of them: gcc or clang
#   tests/run.sh clang -- -DX=Y ...  further arguments for cmake, e.g. -DETTA_TEST_DIRS="core;io", -DETTA_TEST_NATIVE=ON
#
# ETTA_BUILD: where to build (default: build/tests). ETTA_JOBS: how many compilers at a time (default: all processors).
# ETTA_CXX_GCC, ETTA_CXX_CLANG: other compilers than g++ and clang++.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/cmake/apt.sh"

compilers=()
while [ $# -gt 0 ]; do
    case "$1" in
        gcc | clang) compilers+=("$1") ;;
        --) shift; break ;;
        *) sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 2 ;;
    esac
    shift
done
[ ${#compilers[@]} -gt 0 ] || compilers=(gcc clang)

build=${ETTA_BUILD:-$root/build/tests}
jobs=${ETTA_JOBS:-$(nproc)}
export ETTA_JOBS=$jobs

etta_need g++ cmake ninja-build ccache catch2 python3 zlib1g-dev libxsimd-dev libeigen3-dev libstb-dev || exit 1
case " ${compilers[*]} " in *" clang "*)
    command -v "${ETTA_CXX_CLANG:-clang++}" >/dev/null || etta_need clang || exit 1
    etta_need_openmp || exit 1 ;;
esac

launcher=()
command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
export CCACHE_SLOPPINESS=${CCACHE_SLOPPINESS:-pch_defines,time_macros}  # see ETTA_TEST_PCH in tests/CMakeLists.txt
mkdir -p "$build"
: > "$build/CTestTestfile.cmake"
status=0
for compiler in "${compilers[@]}"; do
    case $compiler in
        gcc) cxx=${ETTA_CXX_GCC:-g++} ;;
        clang) cxx=${ETTA_CXX_CLANG:-clang++} ;;
    esac
    echo "== $("$cxx" --version | head -n 1)"
    cmake -S "$root" -B "$build/$compiler" -G Ninja -DCMAKE_CXX_COMPILER="$cxx" -DETTA_TEST_PREFIX="$compiler" \
        -DETTA_BUILD_EXAMPLES=OFF -DETTA_BUILD_BENCH=OFF ${launcher[@]+"${launcher[@]}"} "$@" >"$build/$compiler.log" 2>&1 ||
        { cat "$build/$compiler.log"; exit 1; }
    # A folder that does not build does not keep the others from being tested: its tests then fail as "not built".
    ninja -C "$build/$compiler" -j "$jobs" -k 0 ||
        { status=1; echo "== not everything was built with $cxx: this run fails, whatever the tests say" >&2; }
    echo "subdirs([[$build/$compiler]])" >>"$build/CTestTestfile.cmake"
done

ctest --test-dir "$build" -j "$jobs" --output-on-failure --no-tests=error --output-junit "$build/results.xml" || status=1
exit $status
