// stb.hpp: PNG and JPEG files by Sean Barrett's stb_image.h (Debian: libstb-dev), for read_image and its like:
//
//     #include <etta/io/stb.hpp>
//     etta::load_image_folder("flowers", {.size = {64, 64}, .decode = etta::stb})
//
// On its own, and not in etta.hpp: it compiles somebody else's decoder, 0.5 s, into every file that includes it. All of it is static:
// files of one program that include it do not collide, with or without stb. A file that uses stb_image.h itself includes it first, and
// sees to its implementation. stb says of itself that it is for trusted files, which is so: its version of 2022 does not withstand
// fuzzing. What is checked here before it reads is how much memory a file asks for.
#pragma once

#include <climits>

#include "gzip.hpp"
#include "picture.hpp"

#if !defined(ETTA_NO_STB) && !defined(STBI_INCLUDE_STB_IMAGE_H) && (__has_include(<stb/stb_image.h>) || __has_include(<stb_image.h>))
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_NO_STDIO
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#if __has_include(<stb/stb_image.h>)
#include <stb/stb_image.h>
#else
#include <stb_image.h>
#endif
#pragma GCC diagnostic pop
#undef STB_IMAGE_IMPLEMENTATION
#undef STB_IMAGE_STATIC
#endif

namespace etta {

// Decodes a file that is in memory: [1 to 4 channels, height, width], 0 .. 255, or 0 .. 65535 where a PNG has 16 bits. Fails if it is
// damaged, or if it would become much larger than what its size can hold.
[[maybe_unused]] static picture stb([[maybe_unused]] std::span<const std::byte> file, const std::string& path) {
    picture p;
#if defined(STBI_INCLUDE_STB_IMAGE_H) && !defined(ETTA_NO_STB)
    const auto* const bytes = reinterpret_cast<const stbi_uc*>(file.data());
    const int size = static_cast<int>(file.size());
    int w = 0, h = 0, channels = 0;
    if (file.size() > INT_MAX) _::fail_in_file<_::this_host>(path, "more than 2 GiB");
    const auto stop = [&] { _::fail_in_file<_::this_host>(path, std::string("not a PNG or JPEG file that stb reads: ") + (stbi_failure_reason() != nullptr ? stbi_failure_reason() : "")); };
    if (stbi_info_from_memory(bytes, size, &w, &h, &channels) == 0) stop();
    // Neither format makes one byte of more than some thousand pixels: deflate's limit is 1032 bytes, of 8 pixels each.
    if (static_cast<double>(w) * h > 8256.0 * size) _::fail_in_file<_::this_host>(path, std::to_string(w) + " x " + std::to_string(h) + " pixels of " + std::to_string(size) + " bytes");
    // stb takes as much memory as a PNG's chunk says that it has, before it reads it.
    for (std::size_t at = 8, length = 0; file.size() >= 8 && bytes[0] == 0x89 && at + 8 <= file.size(); at += 12 + length) {
        length = std::size_t{bytes[at]} << 24 | std::size_t{bytes[at + 1]} << 16 | std::size_t{bytes[at + 2]} << 8 | bytes[at + 3];
        if (length > file.size() - at - 8)
            _::fail_in_file<_::this_host>(path, "byte " + std::to_string(at) + ": " + std::to_string(length) + " bytes are said to follow, and the file has " + std::to_string(file.size() - at - 8));
    }
    const bool wide = stbi_is_16_bit_from_memory(bytes, size) != 0;
    void* const pixels = wide ? static_cast<void*>(stbi_load_16_from_memory(bytes, size, &w, &h, &channels, 0)) : stbi_load_from_memory(bytes, size, &w, &h, &channels, 0);
    if (pixels == nullptr) stop();
    p.channels = channels, p.height = h, p.width = w, p.maximum = wide ? 65535 : 255;
    const index area = p.height * p.width;
    p.values.resize(static_cast<std::size_t>(area * p.channels));
    for (index i = 0; i < area; ++i)
        for (index c = 0; c < p.channels; ++c) {
            const index at = i * p.channels + c;
            p.values[static_cast<std::size_t>(c * area + i)] = wide ? static_cast<float>(static_cast<const stbi_us*>(pixels)[at]) : static_cast<float>(static_cast<const stbi_uc*>(pixels)[at]);
        }
    stbi_image_free(pixels);
#else
    _::fail_in_file<_::this_host>(path, "this program was built without stb_image.h, which reads PNG and JPEG files (Debian: apt install libstb-dev)");
#endif
    return p;
}

}  // namespace etta
