// netpbm.hpp: reads grey and colour pictures in the simplest formats there are: PGM and PPM, binary (P5, P6) or text (P2, P3). Other
// formats convert to them: `magick picture.png picture.ppm`. A header that does not agree with the file is an error.
// Format: https://netpbm.sourceforge.net/doc/pgm.html
#pragma once

#include "gzip.hpp"
#include "picture.hpp"

namespace etta {

namespace _ {

// A file's bytes, not compressed.
template <class Host>
picture parse_netpbm(std::span<const std::byte> file, const std::string& path) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned>(file.data()[i]); };
    const std::size_t size = file.size();
    if (size < 2 || byte(0) != 'P' || (byte(1) != '2' && byte(1) != '3' && byte(1) != '5' && byte(1) != '6'))
        fail_in_file<Host>(path, "not a PGM or PPM file: expected P2, P3, P5 or P6");
    const bool text = byte(1) < '4';
    std::size_t at = 2;
    const auto blank = [&](std::size_t i) { return byte(i) == ' ' || (byte(i) >= '\t' && byte(i) <= '\r'); };
    const auto number = [&](const char* what, long most) {
        while (at < size && (blank(at) || byte(at) == '#'))
            if (byte(at) != '#') ++at;
            else
                while (at < size && byte(at) != '\n' && byte(at) != '\r') ++at;
        long v = 0;
        const std::size_t begin = at;
        for (; at < size && byte(at) >= '0' && byte(at) <= '9' && v <= most; ++at) v = v * 10 + static_cast<long>(byte(at) - '0');
        if (at == begin || v > most)
            fail_in_file<Host>(path, "byte " + std::to_string(begin) + ": expected " + what + ", an integer of at most " + std::to_string(most));
        return v;
    };
    picture p;
    p.channels = byte(1) == '3' || byte(1) == '6' ? 3 : 1;
    p.width = number("the width", 1 << 24);
    p.height = number("the height", 1 << 24);
    p.maximum = static_cast<int>(number("the largest value", 65535));
    if (p.width == 0 || p.height == 0 || p.maximum == 0) fail_in_file<Host>(path, "a width, height or largest value of 0");
    if (at == size || !blank(at)) fail_in_file<Host>(path, "byte " + std::to_string(at) + ": expected a blank behind the header");
    ++at;
    const std::size_t pixels = static_cast<std::size_t>(p.width * p.height), channels = static_cast<std::size_t>(p.channels), bytes = p.maximum > 255 ? 2 : 1;
    // In text, a number and a blank are two bytes; so memory is never more than what the file justifies.
    if (text ? pixels * channels > (size - at + 1) / 2 : size - at != pixels * channels * bytes)
        fail_in_file<Host>(path, std::to_string(p.width) + " x " + std::to_string(p.height) + " pixels are " +
                                        (text ? "more than " : "not ") + std::to_string(size - at) + " bytes");
    p.values.resize(pixels * channels);
    for (std::size_t i = 0; i < pixels; ++i)
        for (std::size_t c = 0; c < channels; ++c) {
            long v = 0;
            if (text) v = number("a value", p.maximum);
            else if (bytes == 1) v = byte(at++);
            else v = byte(at) << 8 | byte(at + 1), at += 2;
            if (v > p.maximum)
                fail_in_file<Host>(path, "byte " + std::to_string(at - bytes) + ": a value of " + std::to_string(v) +
                                                ", the largest is " + std::to_string(p.maximum));
            p.values[c * pixels + i] = static_cast<float>(v);
        }
    for (; text && at < size; ++at)
        if (!blank(at)) fail_in_file<Host>(path, "byte " + std::to_string(at) + ": expected the end");
    return p;
}

}  // namespace _

// Plain or gzip. Comments (#) in the header are skipped; one picture per file.
template <class Host = _::this_host>
picture read_netpbm(const std::string& path) {
    return _::parse_netpbm<Host>(read_file_or_gzip<Host>(path), path);
}

}  // namespace etta
