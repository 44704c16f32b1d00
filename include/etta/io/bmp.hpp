// bmp.hpp: reads Windows bitmaps: 8 bits with a palette, 24 and 32 bits, not compressed. Trusts nothing in a file: memory is never more
// than what its size justifies.
// Format: Microsoft, BITMAPFILEHEADER and BITMAPINFOHEADER; https://learn.microsoft.com/windows/win32/gdi/bitmap-storage
#pragma once

#include "gzip.hpp"
#include "picture.hpp"

namespace etta {
namespace _ {

template <class Host>
picture parse_bmp(std::span<const std::byte> file, const std::string& path) {
    const std::size_t size = file.size();
    const auto number = [&](std::size_t at, int bytes) {
        std::uint32_t v = 0;
        for (int k = bytes; k-- > 0;) v = v << 8 | static_cast<std::uint32_t>(file[at + static_cast<std::size_t>(k)]);
        return v;
    };
    if (size < 2 || number(0, 2) != 0x4D42) fail_in_file<Host>(path, "not a BMP file: expected BM");
    if (size < 54) fail_in_file<Host>(path, "the file ends inside the header: " + std::to_string(size) + " bytes, expected at least 54");
    const std::size_t begin = number(10, 4), header = number(14, 4);
    if (header < 40 || header > 1024) fail_in_file<Host>(path, "a header of " + std::to_string(header) + " bytes: expected 40 or more (OS/2's bitmaps are not read)");
    const auto width = static_cast<std::int32_t>(number(18, 4)), height = static_cast<std::int32_t>(number(22, 4));  // negative: from the top
    const std::uint32_t bits = number(28, 2), compression = number(30, 4), named = number(46, 4);
    if (bits != 8 && bits != 24 && bits != 32) fail_in_file<Host>(path, std::to_string(bits) + " bits per pixel: 8, 24 and 32 are read");
    const bool fields = compression == 3 && bits == 32;  // masks say where the colours are
    if (compression != 0 && !fields) fail_in_file<Host>(path, "compressed (" + std::to_string(compression) + "): such bitmaps are not read");
    if (width < 1 || height == 0 || height < -0x7FFFFFFF) fail_in_file<Host>(path, std::to_string(width) + " x " + std::to_string(height) + " pixels");

    const std::size_t w = static_cast<std::size_t>(width), h = static_cast<std::size_t>(height < 0 ? -height : height);
    const std::uint64_t words = (std::uint64_t{w} * bits + 31) / 32;  // of a row
    const std::size_t row = static_cast<std::size_t>(words * 4);
    if (begin > size || words * 4 > size - begin || h > (size - begin) / row)
        fail_in_file<Host>(path, std::to_string(w) + " x " + std::to_string(h) + " pixels of " + std::to_string(bits) + " bits do not fit into " + std::to_string(size) + " bytes");
    const std::size_t palette = 14 + header, colours = bits != 8 ? 0 : named == 0 ? 256 : named;
    if (colours > 256 || palette + 4 * colours > begin) fail_in_file<Host>(path, "a palette of " + std::to_string(colours) + " colours does not fit in front of the pixels");
    int shift[3] = {16, 8, 0};  // of red, green, blue in a pixel
    for (int c = 0; fields && c < 3; ++c) {
        if (size < 66) fail_in_file<Host>(path, "the file ends inside the colours' masks");
        const std::uint32_t mask = number(54 + 4 * static_cast<std::size_t>(c), 4);
        shift[c] = mask == 0 ? 0 : __builtin_ctz(mask);
        if (mask != std::uint32_t{0xFF} << shift[c]) fail_in_file<Host>(path, "a colour whose mask is not 8 bits in a row");
    }
    picture p;
    p.width = static_cast<index>(w), p.height = static_cast<index>(h), p.channels = 1;
    const auto colour = [&](std::size_t entry, int c) { return static_cast<int>(file[palette + 4 * entry + static_cast<std::size_t>(2 - c)]); };
    if (bits != 8) p.channels = 3;
    for (std::size_t k = 0; k < colours; ++k)  // greys only: one channel
        if (colour(k, 0) != colour(k, 1) || colour(k, 1) != colour(k, 2)) p.channels = 3;
    p.values.resize(w * h * static_cast<std::size_t>(p.channels));
    for (std::size_t i = 0; i < h; ++i) {
        const std::size_t from = begin + (height < 0 ? i : h - 1 - i) * row;
        for (std::size_t j = 0; j < w; ++j) {
            const std::uint32_t pixel = number(from + j * bits / 8, static_cast<int>(bits / 8));
            if (bits == 8 && pixel >= colours)
                fail_in_file<Host>(path, "byte " + std::to_string(from + j) + ": colour " + std::to_string(pixel) + " of " + std::to_string(colours));
            for (int c = 0; c < p.channels; ++c)
                p.values[(static_cast<std::size_t>(c) * h + i) * w + j] = static_cast<float>(bits == 8 ? colour(pixel, c) : static_cast<int>(pixel >> shift[c] & 255));
        }
    }
    return p;
}

}  // namespace _

// Plain or gzip: [3, height, width], or [1, …] where the palette has greys only. An alpha channel is left out.
template <class Host = _::this_host>
picture read_bmp(const std::string& path) {
    return _::parse_bmp<Host>(read_file_or_gzip<Host>(path), path);
}

}  // namespace etta
