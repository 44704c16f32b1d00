// fuzz.hpp: feeds a file reader with bytes as a file. A reader may refuse them with etta::Error; anything else - a crash, a
// sanitizer's report, another exception, memory that the file's size does not justify - is a bug.
#pragma once

#include <etta/core/error.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

// Each of `readers` gets the file, also if one before it refused it.
template <class... F>
int fuzz(const std::uint8_t* data, std::size_t size, const F&... readers) {
    const int file = memfd_create("fuzz", 0);
    if (file < 0 || write(file, data, size) != static_cast<ssize_t>(size)) __builtin_trap();
    const std::string path = "/proc/self/fd/" + std::to_string(file);
    const auto attempt = [&path](const auto& read) {
        try {
            read(path);
        } catch (const etta::Error&) {
        }
    };
    (attempt(readers), ...);
    close(file);
    return 0;
}

// Looks at every byte: what a reader says is there has to be there.
inline void look(const void* p, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) (void)static_cast<const volatile unsigned char*>(p)[i];
}
