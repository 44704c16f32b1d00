// convert.hpp: a stored tensor's elements as the type that a program computes with. Files hold types that etta does not
// compute with (half, bfloat16, unsigned), and bytes that are not aligned to them.
#pragma once

#include <cstdint>
#include <cstring>

#include "file.hpp"
#include "named_tensor.hpp"

namespace etta {

namespace _ {

// IEEE half precision, exactly, subnormals, infinities and NaN included.
constexpr float from_half(std::uint16_t h) {
    const std::uint32_t sign = static_cast<std::uint32_t>(h & 0x8000) << 16, fraction = h & 0x3FF;
    const std::uint32_t exponent = (h >> 10) & 31;
    if (exponent == 0) {
        const float x = static_cast<float>(fraction) * 0x1p-24f;
        return sign ? -x : x;
    }
    return __builtin_bit_cast(float, sign | (exponent == 31 ? 0x7F800000u : (exponent + 112) << 23) | fraction << 13);
}
constexpr float from_bfloat16(std::uint16_t b) { return __builtin_bit_cast(float, static_cast<std::uint32_t>(b) << 16); }

struct as_it_is {
    template <class S>
    constexpr S operator()(S x) const { return x; }
};
struct half_to_float {
    constexpr float operator()(std::uint16_t x) const { return from_half(x); }
};
struct bfloat16_to_float {
    constexpr float operator()(std::uint16_t x) const { return from_bfloat16(x); }
};

template <class Stored, class Host, class T, class Convert>
void copy_elements_of(const named_tensor& t, T* out, Convert convert) {
    const std::size_t n = t.bytes / sizeof(Stored);
    for (std::size_t i = 0; i < n; ++i) {
        Stored x;
        std::memcpy(&x, t.data + i * sizeof(Stored), sizeof(Stored));
        out[i] = static_cast<T>(convert(x));
    }
}

}  // namespace _

// True if copy_elements<T>() takes this tensor: a floating type takes all but 8-bit floats and complex numbers, an integer
// type takes itself and narrower integers that lose nothing.
template <class T>
bool converts_to(const named_tensor& t) {
    if (t.type == dtype_of<T>) return true;
    if constexpr (is_floating(dtype_of<T>))
        return t.type != dtype::none || t.stored == "F16" || t.stored == "BF16" || t.stored == "U16" || t.stored == "U32" ||
               t.stored == "U64";
    else if constexpr (is_integer(dtype_of<T>) && dtype_of<T> != dtype::u8)
        return (is_integer(t.type) && size_of(t.type) < size_of(dtype_of<T>)) || t.type == dtype::boolean;
    else
        return false;
}

// Copies a tensor's t.count() elements to `out`, converted (rounded to nearest where T is shorter). The bytes need no
// alignment. Fails if T cannot hold what is stored.
template <class T, class Host = _::this_host>
void copy_elements(const named_tensor& t, T* out) {
    using namespace _;
    if (!converts_to<T>(t))
        fail("tensor '" + t.name + "': " + (t.type == dtype::none ? t.stored : std::string(name_of(t.type))) +
             " does not convert to " + std::string(name_of(dtype_of<T>)));
    switch (t.type) {
        case dtype::f32: return copy_elements_of<float, Host>(t, out, as_it_is{});
        case dtype::f64: return copy_elements_of<double, Host>(t, out, as_it_is{});
        case dtype::i8: return copy_elements_of<std::int8_t, Host>(t, out, as_it_is{});
        case dtype::i16: return copy_elements_of<std::int16_t, Host>(t, out, as_it_is{});
        case dtype::i32: return copy_elements_of<std::int32_t, Host>(t, out, as_it_is{});
        case dtype::i64: return copy_elements_of<std::int64_t, Host>(t, out, as_it_is{});
        case dtype::u8: return copy_elements_of<std::uint8_t, Host>(t, out, as_it_is{});
        case dtype::boolean:  // any byte that is not zero: a bool with another value than 0 and 1 would be undefined
            for (std::size_t i = 0; i < t.bytes; ++i) out[i] = static_cast<T>(t.data[i] != std::byte{0});
            return;
        case dtype::none: break;
    }
    if (t.stored == "F16") copy_elements_of<std::uint16_t, Host>(t, out, half_to_float{});
    else if (t.stored == "BF16") copy_elements_of<std::uint16_t, Host>(t, out, bfloat16_to_float{});
    else if (t.stored == "U16") copy_elements_of<std::uint16_t, Host>(t, out, as_it_is{});
    else if (t.stored == "U32") copy_elements_of<std::uint32_t, Host>(t, out, as_it_is{});
    else copy_elements_of<std::uint64_t, Host>(t, out, as_it_is{});
}

}  // namespace etta
