#!/usr/bin/env bash
# Trains a network on the host, compiles it for a Cortex-M4 and runs it there under QEMU: the same classes, the same logits.
#   tests/firmware/run.sh [BUILD FOLDER]      77: the cross compiler or the emulator is missing
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${1:-$root/build/firmware}
mkdir -p "$build"
for tool in arm-none-eabi-g++ qemu-system-arm; do
    command -v $tool >/dev/null || { echo "NOT RUN: $tool is not installed"; exit 77; }
done
g++ -std=c++20 -O2 -I "$root/include" "$here/host.cpp" -o "$build/host"
"$build/host" "$root/examples/data/digits.csv" "$build/samples.hpp"
arm-none-eabi-g++ -std=c++20 -Wall -Wextra -Werror -Wdouble-promotion -fno-exceptions -fno-rtti -fno-threadsafe-statics -mthumb \
    -mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard -Os -ffunction-sections -fdata-sections -I "$root/include" -I "$build" \
    "$here/board_main.cpp" "$here/board.cpp" --specs=nano.specs --specs=nosys.specs -nostartfiles -T "$here/board.ld" \
    -Wl,--gc-sections,--no-warn-rwx-segments -o "$build/board.elf"
arm-none-eabi-size "$build/board.elf"
if arm-none-eabi-nm "$build/board.elf" | grep -E ' (__aeabi_d(add|mul|div|sub)|malloc|__cxa_throw)$'; then
    echo "the image contains double arithmetic, the heap or exceptions"
    exit 1
fi
timeout 120 qemu-system-arm -M mps2-an386 -display none -monitor none -serial none -chardev stdio,id=out \
    -semihosting-config enable=on,target=native,chardev=out -kernel "$build/board.elf"
