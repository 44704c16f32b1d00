// fuzz.hpp: feeds a file reader with bytes as a file. A reader may refuse them with etta::Error; anything else - a crash, a
// sanitizer's report, another exception, memory that the file's size does not justify - is a bug.
#pragma once

#include <etta/core/error.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

template <class F>
int fuzz(const std::uint8_t* data, std::size_t size, const F& read) {
    const int file = memfd_create("fuzz", 0);
    if (file < 0 || write(file, data, size) != static_cast<ssize_t>(size)) __builtin_trap();
    try {
        read("/proc/self/fd/" + std::to_string(file));
    } catch (const etta::Error&) {
    }
    close(file);
    return 0;
}
