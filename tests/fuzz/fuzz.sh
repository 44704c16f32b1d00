#!/usr/bin/env bash
# Fuzzes the file readers with clang's libFuzzer under the address and undefined-behaviour sanitizers.
#
#   tests/fuzz/fuzz.sh [SECONDS [READER...]]    default: 10 seconds each of all readers
#
# ETTA_BUILD: where to build (default: build/fuzz). What crashes a reader is kept there as READER-crash-*.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/cmake/apt.sh"
etta_need clang libclang-rt-dev zlib1g-dev || exit 1
seconds=${1:-10}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- idx csv safetensors npy npz netpbm bmp
build=${ETTA_BUILD:-$root/build/fuzz}
for reader in "$@"; do
    seeds=$build/$reader
    mkdir -p "$seeds"
    case $reader in
        idx) printf '\0\0\10\2\0\0\0\2\0\0\0\3abcdef' >"$seeds/seed" && gzip -c "$seeds/seed" >"$seeds/seed.gz" ;;
        csv) printf 'a,b,"c ""d"""\n1,2.5e-3,x\n,nan,"y\nz"\r\n' >"$seeds/seed" ;;
        npy) cp "$root/tests/io/data/fortran.npy" "$root/tests/io/data/big_endian.npy" "$seeds" ;;
        npz) cp "$root/tests/io/data/plain.npz" "$root/tests/io/data/compressed.npz" "$seeds" ;;
        netpbm) printf 'P2 # grey\n2 3 255\n1 2 3 4 5 6\n' >"$seeds/seed" && printf 'P6\n2 1\n255\nabcdef' >"$seeds/colour" ;;
        bmp) cp "$root"/tests/io/data/*.bmp "$seeds" ;;
        safetensors) cp "$root/tests/io/data/from_python.st" "$seeds/seed" ;;
    esac
    "${ETTA_CXX_CLANG:-clang++}" -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -DETTA_HAS_ZLIB \
        -I "$root/include" "$root/tests/fuzz/$reader.cpp" -lz -o "$build/fuzz_$reader"
    "$build/fuzz_$reader" -max_total_time="$seconds" -max_len=65536 -rss_limit_mb=1024 -timeout=10 \
        -artifact_prefix="$build/$reader-" "$seeds" 2>&1 | tail -n 1
    [ "${PIPESTATUS[0]}" = 0 ]
done
