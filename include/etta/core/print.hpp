// print.hpp: tensors as text, in NumPy's form: [[1., 2.], [3., 4.]], long axes shortened.
#pragma once

#include <cstdio>
#include <string>

#include "tensor.hpp"

namespace etta {

namespace _ {

template <class T>
std::string element_text(T x) {
    char b[40];
    if constexpr (std::is_same_v<T, bool>) return x ? "True" : "False";
    else if constexpr (std::is_integral_v<T>) std::snprintf(b, sizeof b, "%lld", static_cast<long long>(x));
    else {
        std::snprintf(b, sizeof b, sizeof(T) == 4 ? "%.8g" : "%.16g", static_cast<double>(x));
        // The shortest text that reads back as x, with a point so that it looks like a float.
        for (int digits = 1; digits < (sizeof(T) == 4 ? 9 : 17); ++digits) {
            char t[40];
            std::snprintf(t, sizeof t, "%.*g", digits, static_cast<double>(x));
            double back = 0;
            std::sscanf(t, "%lf", &back);
            if (static_cast<T>(back) != x) continue;
            // A few more digits read better than an exponent: 100., not 1e+02.
            const double size = x < 0 ? -static_cast<double>(x) : static_cast<double>(x);
            if (size >= 1 && size < 1e8 && std::string(t).find('e') != std::string::npos) std::snprintf(t, sizeof t, "%.*g", digits > 9 ? digits : 9, static_cast<double>(x));
            __builtin_memcpy(b, t, sizeof b);
            break;
        }
        std::string s = b;
        if (s.find_first_of(".einf") == std::string::npos) s += '.';
        return s;
    }
    return b;
}

template <class V>
void print_axis(const V& v, int axis, index offset, std::size_t width, const std::string& indent, std::string& out) {
    using T = typename V::value_type;
    if (axis == V::rank) {
        const std::string s = element_text<T>(v.data()[offset]);
        out.append(s.size() < width ? width - s.size() : 0, ' ');
        out += s;
        return;
    }
    const index n = v.extent(axis);
    out += '[';
    for (index i = 0; i < n; ++i) {
        if (i > 0) {
            if (axis + 1 == V::rank) out += ", ";
            else out += ",", out.append(static_cast<std::size_t>(V::rank - axis - 1), '\n'), out += indent + ' ';
        }
        if (n > 1000 / (V::rank > 1 ? 100 : 1) * 1 && n > 6 && v.size() > 1000 && i == 3) {
            out += "...";
            i = n - 4;
            continue;
        }
        print_axis(v, axis + 1, offset + i * v.stride(axis), width, indent + ' ', out);
    }
    out += ']';
}

template <class V>
std::string text_of(const V& v) {
    std::size_t width = 0;
    if (v.size() <= 1000 && v.contiguous)
        for (index i = 0; i < v.size(); ++i) {
            const std::size_t n = element_text<typename V::value_type>(v.data()[i]).size();
            if (n > width) width = n;
        }
    std::string out;
    print_axis(v, 0, 0, V::rank > 1 ? width : 0, "", out);
    return out;
}

}  // namespace _

// The elements as text.
template <class T, class E, class L>
std::string to_string(const View<T, E, L>& v) { return _::text_of(v); }
template <class T, class E, class S>
std::string to_string(const basic_tensor<T, E, S>& t) { return _::text_of(t.view()); }

// std::cout << tensor, for any stream, without <iostream> here.
template <class Stream, class X>
    requires(_::is_tensor_like<X>::value && requires(Stream& s, const char* c) { s << c; })
Stream& operator<<(Stream& s, const X& x) {
    s << to_string(x).c_str();
    return s;
}

}  // namespace etta
