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

// A tensor of any rank, for printing.
template <class T>
struct printed_tensor {
    const T* data;
    int rank;
    const index *extents, *strides;

    index size() const {
        index n = 1;
        for (int i = 0; i < rank; ++i) n *= extents[i];
        return n;
    }
    // f(element) for what is printed: long axes only at their ends.
    void axis(int k, index offset, std::size_t& width, const std::string& indent, std::string* out) const {
        if (k == rank) {
            const std::string s = element_text<T>(data[offset]);
            if (out == nullptr) width = s.size() > width ? s.size() : width;
            else out->append(s.size() < width ? width - s.size() : 0, ' '), *out += s;
            return;
        }
        const index n = extents[k];
        if (out != nullptr) *out += '[';
        for (index i = 0; i < n; ++i) {
            if (i > 0 && out != nullptr) {
                if (k + 1 == rank) *out += ", ";
                else *out += ",", out->append(static_cast<std::size_t>(rank - k - 1), '\n'), *out += indent + ' ';
            }
            if (size() > 1000 && n > 6 && i == 3) {
                if (out != nullptr) *out += "...";
                i = n - 4;
                continue;
            }
            axis(k + 1, offset + i * strides[k], width, indent + ' ', out);
        }
        if (out != nullptr) *out += ']';
    }
    std::string text() const {
        std::size_t width = 0;
        if (rank > 1) axis(0, 0, width, "", nullptr);
        std::string out;
        axis(0, 0, width, "", &out);
        return out;
    }
};
template <class V>
std::string text_of(const V& v) {
    index extents[V::rank + 1] = {}, strides[V::rank + 1] = {};
    for (int i = 0; i < V::rank; ++i) extents[i] = v.extent(i), strides[i] = v.stride(i);
    return printed_tensor<typename V::value_type>{v.data(), V::rank, extents, strides}.text();
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
