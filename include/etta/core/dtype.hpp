// dtype.hpp: the element types etta computes with, as values (for the Graph and for files) and as C++ types (for
// kernels), with the promotion rules between them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "config.hpp"

namespace etta {

using index = std::ptrdiff_t;  // extents, strides, offsets, counts

enum class dtype : std::uint8_t { none, f32, f64, i8, i16, i32, i64, u8, boolean };

namespace _ {
template <class T>
struct dtype_of_t;
template <>
struct dtype_of_t<float> { static constexpr dtype value = dtype::f32; };
template <>
struct dtype_of_t<double> { static constexpr dtype value = dtype::f64; };
template <>
struct dtype_of_t<std::int8_t> { static constexpr dtype value = dtype::i8; };
template <>
struct dtype_of_t<std::int16_t> { static constexpr dtype value = dtype::i16; };
template <>
struct dtype_of_t<std::int32_t> { static constexpr dtype value = dtype::i32; };
template <>
struct dtype_of_t<std::int64_t> { static constexpr dtype value = dtype::i64; };
template <>
struct dtype_of_t<std::uint8_t> { static constexpr dtype value = dtype::u8; };
template <>
struct dtype_of_t<bool> { static constexpr dtype value = dtype::boolean; };

template <dtype D>
struct type_of_t;
template <>
struct type_of_t<dtype::f32> { using type = float; };
template <>
struct type_of_t<dtype::f64> { using type = double; };
template <>
struct type_of_t<dtype::i8> { using type = std::int8_t; };
template <>
struct type_of_t<dtype::i16> { using type = std::int16_t; };
template <>
struct type_of_t<dtype::i32> { using type = std::int32_t; };
template <>
struct type_of_t<dtype::i64> { using type = std::int64_t; };
template <>
struct type_of_t<dtype::u8> { using type = std::uint8_t; };
template <>
struct type_of_t<dtype::boolean> { using type = bool; };
}  // namespace _

template <class T>
concept element = requires { _::dtype_of_t<T>::value; };

template <element T>
inline constexpr dtype dtype_of = _::dtype_of_t<T>::value;

template <dtype D>
using type_of = typename _::type_of_t<D>::type;

constexpr index size_of(dtype d) {
    switch (d) {
        case dtype::f32: case dtype::i32: return 4;
        case dtype::f64: case dtype::i64: return 8;
        case dtype::i16: return 2;
        case dtype::i8: case dtype::u8: case dtype::boolean: return 1;
        case dtype::none: break;
    }
    return 0;
}

constexpr bool is_floating(dtype d) { return d == dtype::f32 || d == dtype::f64; }
constexpr bool is_integer(dtype d) { return !is_floating(d) && d != dtype::boolean && d != dtype::none; }

constexpr std::string_view name_of(dtype d) {
    switch (d) {
        case dtype::f32: return "float";
        case dtype::f64: return "double";
        case dtype::i8: return "int8";
        case dtype::i16: return "int16";
        case dtype::i32: return "int32";
        case dtype::i64: return "int64";
        case dtype::u8: return "uint8";
        case dtype::boolean: return "bool";
        case dtype::none: break;
    }
    return "none";
}

// The dtype of `a op b` for two tensors. none: no implicit common type (float with double: the user writes a cast).
// Integers promote to the wider one (uint8 with int8 to int16, as NumPy does), bool to anything.
constexpr dtype promote(dtype a, dtype b) {
    if (a == b) return a;
    if (is_floating(a) && is_floating(b)) return dtype::none;
    if (is_floating(a)) return a;
    if (is_floating(b)) return b;
    if (a == dtype::boolean) return b;
    if (b == dtype::boolean) return a;
    if ((a == dtype::u8 && b == dtype::i8) || (a == dtype::i8 && b == dtype::u8)) return dtype::i16;
    return size_of(a) >= size_of(b) ? (a == dtype::u8 && size_of(b) == 1 ? b : a) : b;
}

}  // namespace etta
