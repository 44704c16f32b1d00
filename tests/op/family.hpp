// family.hpp: several element-wise ops in one program against references in double, at sizes around the length of a
// register, with the values at which such functions break.
#pragma once

#include <etta/run/call.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace family {

inline constexpr double inf = std::numeric_limits<double>::infinity();
inline constexpr double quiet = std::numeric_limits<double>::quiet_NaN();

struct reference {
    const char* name;
    double (*value)(double);
};

// "" or what differs first: relative error, and NaN and infinity exactly.
template <class T>
std::string compare(const char* name, double x, double got, double want, double tolerance) {
    if constexpr (std::is_same_v<T, float>) {
        if (std::abs(want) > 3.4e38) want = std::copysign(inf, want);
    }
    const bool fine = std::isnan(want) ? std::isnan(got) : std::isinf(want) ? got == want : std::abs(got - want) <= tolerance * (std::abs(want) + (std::is_same_v<T, float> ? 1e-6 : 1e-12));
    if (fine) return "";
    return std::string(name) + "(" + std::to_string(x) + ") = " + std::to_string(got) + ", expected " + std::to_string(want);
}

template <int K, class Results>
void compare_all(std::string& first, const Results& y, const double* x, long n, const reference* refs, double tolerance) {
    using Row = std::remove_cvref_t<decltype(y.first)>;
    using T = typename Row::value_type;
    for (long i = 0; i < n && first.empty(); ++i) first = compare<T>(refs[K].name, x[i], double(y.first[i]), refs[K].value(x[i]), tolerance);
    if constexpr (requires { y.rest.first; }) compare_all<K + 1>(first, y.rest, x, n, refs, tolerance);
}

// f(x) returns results of as many ops as there are references. `values` are repeated to the sizes 0, 1, 7, 16, 17, 33.
template <class T, class F>
std::string difference(const F& f, const std::vector<reference>& refs, const std::vector<double>& values) {
    for (const long n : {0, 1, 7, 16, 17, 33}) {
        for (std::size_t from = 0; from < values.size(); from += static_cast<std::size_t>(n > 0 ? n : 1000)) {
            etta::Tensor<T, etta::dyn> x(n);
            std::vector<double> exact(static_cast<std::size_t>(n));
            for (long i = 0; i < n; ++i) {
                x[i] = static_cast<T>(values[(from + static_cast<std::size_t>(i)) % values.size()]);
                exact[static_cast<std::size_t>(i)] = double(x[i]);
            }
            std::string first;
            compare_all<0>(first, etta::call(f, x), exact.data(), n, refs.data(), std::is_same_v<T, float> ? 2e-6 : 1e-13);
            if (!first.empty()) return first + " (size " + std::to_string(n) + ")";
        }
    }
    return "";
}

}  // namespace family
