// idx.hpp: reads IDX files, the format of MNIST and its successors: a big-endian header (element type, extents), then the
// elements, row-major. Plain or gzip. A header that does not agree with the size of the file is an error.
#pragma once

#include <cstdint>
#include <vector>

#include "../core/dtype.hpp"
#include "gzip.hpp"

namespace etta {

// An array as it stands in a file: elements in this machine's byte order, extents outermost first.
struct idx_array {
    dtype type = dtype::none;
    std::vector<index> extents;
    index count = 1;  // the product of the extents
    file_bytes file;
    std::size_t offset = 0;  // of the first element in `file`: not aligned to its type

    const std::byte* data() const { return file.data() + offset; }
};

namespace _ {

// What a file's header says, once it agrees with the file's size; without the file itself.
template <class Host>
idx_array idx_header(std::span<const std::byte> file, const std::string& path) {
    idx_array array;
    const std::size_t size = file.size();
    const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(file[i]); };
    if (size < 4) fail_in_file<Host>(path, "not an IDX file: " + std::to_string(size) + " bytes, expected at least 4");
    if (byte(0) != 0 || byte(1) != 0) fail_in_file<Host>(path, "not an IDX file: expected it to begin with two zero bytes");
    switch (byte(2)) {
        case 0x08: array.type = dtype::u8; break;
        case 0x09: array.type = dtype::i8; break;
        case 0x0B: array.type = dtype::i16; break;
        case 0x0C: array.type = dtype::i32; break;
        case 0x0D: array.type = dtype::f32; break;
        case 0x0E: array.type = dtype::f64; break;
        default:
            fail_in_file<Host>(path, "byte 2: element type " + std::to_string(byte(2)) +
                                            " is not one of IDX's (8, 9, 11, 12, 13, 14)");
    }
    const std::size_t rank = byte(3);
    array.offset = 4 + 4 * rank;
    if (size < array.offset)
        fail_in_file<Host>(path, "the file ends inside the header: " + std::to_string(size) + " bytes, expected at least " +
                                        std::to_string(array.offset) + " for rank " + std::to_string(rank));
    const auto element = static_cast<std::size_t>(size_of(array.type));
    const std::size_t room = (size - array.offset) / element;  // elements that the file could hold
    std::string shape;
    std::size_t count = 1;
    bool fits = true, empty = false;
    for (std::size_t i = 0; i < rank; ++i) {
        const std::size_t p = 4 + 4 * i;
        const std::size_t n = byte(p) << 24 | byte(p + 1) << 16 | byte(p + 2) << 8 | byte(p + 3);
        array.extents.push_back(static_cast<index>(n));
        shape += (i ? "x" : "") + std::to_string(n);
        if (n == 0) empty = true;
        else if (count > room / n) fits = false;  // no overflow: the product is compared before it is made
        else count *= n;
    }
    if (empty) count = 0, fits = true;
    if (!fits || count * element != size - array.offset)
        fail_in_file<Host>(path, "the header says " + (rank ? shape : std::string("1")) + " elements of " +
                                        std::string(name_of(array.type)) + (fits ? ", " + std::to_string(count * element) + " bytes" : "") +
                                        "; the file has " + std::to_string(size - array.offset) + " bytes of them");
    array.count = static_cast<index>(count);
    return array;
}

}  // namespace _

// Reads an IDX file of any rank. Element types: uint8, int8, int16, int32, float, double.
template <class Host = _::this_host>
idx_array read_idx(const std::string& path) {
    file_bytes file = read_file_or_gzip<Host>(path);
    idx_array array = _::idx_header<Host>(file, path);
    array.file = static_cast<file_bytes&&>(file);
    const auto element = static_cast<std::size_t>(size_of(array.type)), count = static_cast<std::size_t>(array.count);

    // Multi-byte elements are big-endian in the file.
    if (element > 1 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) {
        std::byte* p = array.file.data() + array.offset;
        for (std::size_t i = 0; i < count; ++i, p += element)
            for (std::size_t a = 0, b = element - 1; a < b; ++a, --b) {
                const std::byte kept = p[a];
                p[a] = p[b];
                p[b] = kept;
            }
    }
    return array;
}

}  // namespace etta
