// real.hpp: a number with a fraction as a layer's template argument: Dropout<0.1>. (Not a double: clang took those as template
// arguments from version 18 on only.)
#pragma once

#include <cstdint>
#include <type_traits>

namespace etta {

struct real {
    std::uint64_t bits = 0;
    int as_bits = 0;
    constexpr real(double x) : bits(__builtin_bit_cast(std::uint64_t, x)) {}
    // Dropout<0>: a template argument's conversion may not make a whole number a double, says the language (and clang).
    template <class I>
        requires(std::is_integral_v<I>)
    constexpr real(I x) : real(static_cast<double>(x)) {}
    constexpr real(std::uint64_t b, int n) : bits(b), as_bits(n) {}  // how nvcc writes one for its host compiler: member by member
    constexpr operator double() const { return __builtin_bit_cast(double, bits); }
};

}  // namespace etta
