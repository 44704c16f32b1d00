// gzip.hpp: reads gzip files where zlib is there (ETTA_HAS_ZLIB, and link with -lz). Data sets come compressed, so every
// reader in io/ takes either form: what a file is, its first bytes say, not its name.
#pragma once

#if defined(ETTA_HAS_ZLIB)
#include <zlib.h>
#endif

#include "file.hpp"

namespace etta {

// True if the bytes begin as a gzip file does.
inline bool is_gzip(std::span<const std::byte> bytes) {
    return bytes.size() >= 2 && bytes[0] == std::byte{0x1f} && bytes[1] == std::byte{0x8b};
}

// Inflates a gzip file that is in memory. Fails if it is damaged, incomplete or followed by anything else, or if it would
// become larger than `limit` bytes. Memory grows with what has come out, so a small file cannot ask for much.
template <class Host = _::this_host>
file_bytes gunzip(std::span<const std::byte> bytes, const std::string& path, std::size_t limit = std::size_t{1} << 36) {
    if (!is_gzip(bytes)) _::fail_in_file<Host>(path, "not a gzip file");
#if defined(ETTA_HAS_ZLIB)
    file_bytes out;
    z_stream z{};
    const auto stop = [&](const std::string& what) {
        ::inflateEnd(&z);
        _::fail_in_file<Host>(path, what);
    };
    if (::inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) _::fail_in_file<Host>(path, "zlib does not start");
    std::size_t used = 0;
    constexpr std::size_t most = std::size_t{1} << 30;  // zlib counts in unsigned int
    for (;;) {
        if (out.size() == out.capacity()) {
            std::size_t room = out.size() == 0 ? bytes.size() * 3 : out.size() * 2;
            if (room < 4096) room = 4096;
            if (room > limit) room = limit + 1;
            if (out.size() > limit) stop("inflates to more than " + std::to_string(limit) + " bytes");
            if (!out.reserve(room)) stop("no memory for " + std::to_string(room) + " bytes");
        }
        const std::size_t in = bytes.size() - used < most ? bytes.size() - used : most;
        const std::size_t room = out.capacity() - out.size() < most ? out.capacity() - out.size() : most;
        z.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data() + used));
        z.avail_in = static_cast<uInt>(in);
        z.next_out = reinterpret_cast<Bytef*>(out.data() + out.size());
        z.avail_out = static_cast<uInt>(room);
        const int code = ::inflate(&z, Z_NO_FLUSH);
        used += in - z.avail_in;
        out.set_size(out.size() + room - z.avail_out);
        if (code == Z_STREAM_END) {
            if (used == bytes.size()) break;
            // gzip files may be concatenated (RFC 1952, 2.2).
            if (!is_gzip(bytes.subspan(used)))
                stop("unexpected bytes after the end of the gzip data, at byte " + std::to_string(used));
            if (::inflateReset(&z) != Z_OK) stop("zlib does not start again");
        } else if (code == Z_BUF_ERROR || (code == Z_OK && used == bytes.size() && z.avail_out != 0)) {
            if (out.size() == out.capacity()) continue;
            stop("the gzip data end too early, at byte " + std::to_string(used));
        } else if (code != Z_OK) {
            stop("damaged gzip data near byte " + std::to_string(used) + (z.msg ? std::string(": ") + z.msg : ""));
        }
    }
    ::inflateEnd(&z);
    if (out.size() > limit) _::fail_in_file<Host>(path, "inflates to more than " + std::to_string(limit) + " bytes");
    return out;
#else
    (void)limit;
    _::fail_in_file<Host>(path, "is compressed, and this program was built without zlib: define ETTA_HAS_ZLIB and link with "
                                "-lz (the CMake target does so where it finds zlib), or decompress the file with gunzip");
#endif
}

// Inflates data without a header, as ZIP files hold them, to exactly `size` bytes; fails if they are damaged or of another size.
// Deflate makes nothing more than 1032 times smaller: what claims more is refused before memory is taken.
template <class Host = _::this_host>
file_bytes inflate_raw(std::span<const std::byte> bytes, std::size_t size, const std::string& path) {
#if defined(ETTA_HAS_ZLIB)
    constexpr std::size_t most = std::size_t{1} << 30;  // zlib counts in unsigned int
    if (size / 1032 > bytes.size()) _::fail_in_file<Host>(path, std::to_string(bytes.size()) + " compressed bytes cannot become " + std::to_string(size));
    file_bytes out;
    if (!out.reserve(size + 1)) _::fail_in_file<Host>(path, "no memory for " + std::to_string(size) + " bytes");
    z_stream z{};
    if (::inflateInit2(&z, -MAX_WBITS) != Z_OK) _::fail_in_file<Host>(path, "zlib does not start");
    int code = Z_OK;
    std::size_t used = 0;
    while (code == Z_OK) {  // one byte of room more than expected: data that are too long are seen
        const std::size_t in = bytes.size() - used < most ? bytes.size() - used : most, room = size + 1 - out.size() < most ? size + 1 - out.size() : most;
        z.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data() + used));
        z.avail_in = static_cast<uInt>(in);
        z.next_out = reinterpret_cast<Bytef*>(out.data() + out.size());
        z.avail_out = static_cast<uInt>(room);
        code = ::inflate(&z, Z_NO_FLUSH);
        used += in - z.avail_in;
        out.set_size(out.size() + room - z.avail_out);
    }
    ::inflateEnd(&z);
    if (code != Z_STREAM_END || used != bytes.size() || out.size() != size)
        _::fail_in_file<Host>(path, "damaged compressed data near byte " + std::to_string(used) + ": expected " + std::to_string(size) + " bytes of them");
    return out;
#else
    (void)bytes, (void)size;
    _::fail_in_file<Host>(path, "is compressed, and this program was built without zlib: define ETTA_HAS_ZLIB and link with -lz, "
                                "or write it without compression (numpy.savez)");
#endif
}

// The whole file, inflated if it is a gzip file.
template <class Host = _::this_host>
file_bytes read_file_or_gzip(const std::string& path) {
    file_bytes bytes = read_file<Host>(path);
    return is_gzip(bytes) ? gunzip<Host>(bytes, path) : static_cast<file_bytes&&>(bytes);
}

}  // namespace etta
