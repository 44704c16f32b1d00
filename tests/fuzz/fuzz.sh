#!/usr/bin/env bash
# Fuzzes the file readers with clang's libFuzzer under the address and undefined-behaviour sanitizers.
#
#   tests/fuzz/fuzz.sh [SECONDS [READER...]]    default: 10 seconds each of all readers
#
# A run begins with corpus/READER.tar.gz, which an hour's fuzzing of each reader left (-merge=1 of its files below 4 KiB).
# ETTA_BUILD: where to build (default: build/fuzz); what is found worth keeping stays there and is where the next run begins.
# ETTA_JOBS: so many readers at once (default: the number of processors). What breaks a reader is kept as READER-crash-*.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/cmake/apt.sh"
etta_need clang libclang-rt-dev zlib1g-dev || exit 1
seconds=${1:-10}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- idx csv safetensors npy npz netpbm bmp cifar mapped checkpoint weights
build=${ETTA_BUILD:-$root/build/fuzz}

fuzz_one() {
    local reader=$1 seeds=$build/$1 result
    mkdir -p "$seeds"
    tar -C "$seeds" -xzf "$root/tests/fuzz/corpus/$reader.tar.gz" || return 1
    case $reader in
        idx) printf '\0\0\10\2\0\0\0\2\0\0\0\3abcdef' >"$seeds/seed" && gzip -c "$seeds/seed" >"$seeds/seed.gz" ;;
        csv) printf 'a,b,"c ""d"""\n1,2.5e-3,x\n,nan,"y\nz"\r\n' >"$seeds/seed" ;;
        npy) cp "$root/tests/io/data/fortran.npy" "$root/tests/io/data/big_endian.npy" "$seeds" ;;
        npz) cp "$root/tests/io/data/plain.npz" "$root/tests/io/data/compressed.npz" "$seeds" ;;
        netpbm) printf 'P2 # grey\n2 3 255\n1 2 3 4 5 6\n' >"$seeds/seed" && printf 'P6\n2 1\n255\nabcdef' >"$seeds/colour" ;;
        bmp) cp "$root"/tests/io/data/*.bmp "$seeds" ;;
        safetensors) cp "$root/tests/io/data/from_python.st" "$seeds/seed" ;;
        cifar) head -c 3073 /dev/zero >"$seeds/ten" && head -c 6148 /dev/zero | gzip -c >"$seeds/hundred" ;;
        mapped) cp "$root/tests/io/data/fortran.npy" "$seeds" && printf '\0\0\10\2\0\0\0\2\0\0\0\3abcdef' >"$seeds/idx" ;;
        checkpoint) ;;  # writes its own
        weights) cp "$root/tests/io/data/from_python.st" "$seeds/seed" ;;
    esac
    "${ETTA_CXX_CLANG:-clang++}" -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined,float-cast-overflow -fno-sanitize-recover=all \
        -DETTA_HAS_ZLIB -I "$root/include" "$root/tests/fuzz/$reader.cpp" -lz -o "$build/fuzz_$reader" || return 1
    ETTA_FUZZ_SEED=$seeds/checkpoint "$build/fuzz_$reader" -max_total_time="$seconds" -max_len=65536 -rss_limit_mb=1024 -timeout=10 \
        -artifact_prefix="$build/$reader-" "$seeds" >"$build/$reader.log" 2>&1 && result=0 || result=$?
    [ $result = 0 ] || grep -m 1 -A 12 'ERROR\|runtime error' "$build/$reader.log"
    echo "$reader: $(tail -n 1 "$build/$reader.log")"
    return $result
}

jobs=${ETTA_JOBS:-$(nproc)} running=0 failed=0
for reader in "$@"; do
    fuzz_one "$reader" &
    running=$((running + 1))
    if [ $running -ge "$jobs" ]; then
        wait -n || failed=1
        running=$((running - 1))
    fi
done
while [ $running -gt 0 ]; do
    wait -n || failed=1
    running=$((running - 1))
done
exit $failed
