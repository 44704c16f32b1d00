// number.hpp: reads decimal numbers from text the same way in every locale and with every standard library (libc++ has no
// std::from_chars for double before version 20). Short numbers, nearly all that data files hold, are computed here, exactly;
// the rest goes to the C library in its "C" locale.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#if defined(__GLIBC__) || defined(__APPLE__) || defined(__FreeBSD__) || defined(__linux__)
#include <locale.h>
#if defined(__APPLE__) || defined(__FreeBSD__)
#include <xlocale.h>
#endif
#define ETTA_HAS_STRTOD_L 1
#endif

#include "file.hpp"

namespace etta::_ {

enum class number_status : std::uint8_t { ok, not_a_number, out_of_range };

// `text` is digits, a point and an exponent only, checked by the caller. May be inf; 0 where it underflows.
template <class Host>
ETTA_NOINLINE double number_by_library(std::string_view text) {
    const std::string copy(text);  // terminated
#if defined(ETTA_HAS_STRTOD_L)
    static const locale_t plain = ::newlocale(LC_ALL_MASK, "C", static_cast<locale_t>(nullptr));
    if (plain != static_cast<locale_t>(nullptr)) return ::strtod_l(copy.c_str(), nullptr, plain);
#endif
    return std::strtod(copy.c_str(), nullptr);
}

constexpr bool same_word(std::string_view text, std::string_view lower) {
    if (text.size() != lower.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i)
        if ((text[i] | 0x20) != lower[i]) return false;
    return true;
}

// The whole of `text` as a number: [+-] digits [. digits] [e [+-] digits], or inf, infinity, nan. Correctly rounded.
template <class Host = this_host>
number_status parse_number(std::string_view text, double& result) {
    std::size_t i = 0;
    const bool negative = !text.empty() && text[0] == '-';
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) ++i;
    const std::size_t start = i;

    std::uint64_t mantissa = 0;
    int digits = 0;
    std::int64_t exponent = 0;  // value = mantissa * 10^exponent; digits counts those in the mantissa
    bool any = false, exact = true;
    const auto take = [&](char c) {
        any = true;
        if (digits < 19) {
            mantissa = mantissa * 10 + static_cast<std::uint64_t>(c - '0');
            digits += mantissa != 0;
            return true;
        }
        exact = false;
        return false;
    };
    for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i)
        if (!take(text[i])) ++exponent;
    if (i < text.size() && text[i] == '.')
        for (++i; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i)
            if (take(text[i])) --exponent;
    if (!any) {
        const std::string_view word = text.substr(start);
        if (same_word(word, "nan")) result = __builtin_nan("");
        else if (same_word(word, "inf") || same_word(word, "infinity")) result = __builtin_huge_val();
        else return number_status::not_a_number;
        if (negative) result = -result;
        return number_status::ok;
    }
    if (i < text.size() && (text[i] | 0x20) == 'e') {
        ++i;
        const bool down = i < text.size() && text[i] == '-';
        if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
        if (i == text.size()) return number_status::not_a_number;
        std::int64_t e = 0;
        for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i)
            if (e < 100000) e = e * 10 + (text[i] - '0');
        exponent += down ? -e : e;
    }
    if (i != text.size()) return number_status::not_a_number;

    if (mantissa == 0 && exact) {
        result = negative ? -0.0 : 0.0;
        return number_status::ok;
    }
    // Both factors are exact in a double, so their product or quotient is rounded once (Clinger, PLDI 1990).
    constexpr double power[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
#if defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ != 0
    exact = false;  // wider registers round twice
#endif
    if (exact && mantissa <= std::uint64_t{1} << 53 && exponent >= -22 && exponent <= 22) {
        const double m = static_cast<double>(mantissa);
        const double x = exponent < 0 ? m / power[-exponent] : m * power[exponent];
        result = negative ? -x : x;
        return number_status::ok;
    }
    result = number_by_library<Host>(text);
    return result > 1.7976931348623157e308 || result < -1.7976931348623157e308 ? number_status::out_of_range
                                                                               : number_status::ok;
}

}  // namespace etta::_
