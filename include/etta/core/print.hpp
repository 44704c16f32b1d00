// print.hpp: tensors as text, as NumPy's array2string(x, separator=', ') writes them with its defaults (version 2.4): a common
// format for all numbers, at most 8 decimals, lines of 75 columns, 3 elements at either end of the axes of what has over 1000.
#pragma once

#include <cstdio>
#include <string>

#include "tensor.hpp"

namespace etta {

namespace _ {

// How the numbers of one tensor are written (FloatingFormat in NumPy's arrayprint.py): each with the fewest digits that tell
// it from its neighbours, 8 behind the point at most; all with an exponent if one of them asks for it. Three passes: see,
// measure, text.
template <class T>
struct number_format {
    static constexpr bool single = sizeof(T) == 4;
    double least = 0, most = 0;  // of the magnitudes that are neither 0 nor infinite
    bool exponents = false;
    int left = 0, right = 0;  // columns before and behind the point
    int decimals = 0, exponent_digits = 0, special = 0;

    static bool finite(T x) { return x - x == 0; }

    void see(T x) {
        const double size = x < 0 ? -static_cast<double>(x) : static_cast<double>(x);
        if (!finite(x) || size == 0) return;
        if (most == 0 || size < least) least = size;
        if (size > most) most = size;
    }
    void seen() { exponents = most > 0 && (most >= (single ? 1e6 : 1e8) || static_cast<T>(least) < static_cast<T>(1e-4) || static_cast<T>(most) / static_cast<T>(least) > 1000); }

    // "d.ddde+xx", and how many decimals it has.
    static int shortest(T x, char* text, std::size_t size) {
        int n = 0;
        for (; n < (single ? 8 : 16); ++n) {
            std::snprintf(text, size, "%.*e", n, static_cast<double>(x));
            double back = 0;
            std::sscanf(text, "%lf", &back);
            if (static_cast<T>(back) == x) return n;
        }
        std::snprintf(text, size, "%.*e", n, static_cast<double>(x));
        return n;
    }
    static std::string trimmed(std::string s) {
        while (s.back() == '0') s.pop_back();
        return s;
    }
    static std::string fixed(T x) {
        char b[64];
        int exponent = 0;
        const int n = shortest(x, b, sizeof b);
        std::string s = b;
        std::sscanf(b + s.find('e') + 1, "%d", &exponent);
        const int behind = n - exponent;  // decimals
        if (behind > 8) {
            std::snprintf(b, sizeof b, "%.8f", static_cast<double>(x));
            return trimmed(b);
        }
        if (behind >= 0) {
            std::snprintf(b, sizeof b, behind == 0 ? "%.*f." : "%.*f", behind, static_cast<double>(x));
            return b;
        }
        s.resize(s.find('e'));  // its digits, then zeros
        if (const std::size_t point = s.find('.'); point != std::string::npos) s.erase(point, 1);
        return s.append(static_cast<std::size_t>(-behind), '0') + '.';
    }
    static void raise(int& most, std::size_t to) { most = most < static_cast<int>(to) ? static_cast<int>(to) : most; }
    void measure(T x) {
        if (!finite(x)) {
            raise(special, x < 0 ? 4 : 3);
        } else if (exponents) {
            char b[64];
            if (shortest(x, b, sizeof b) > 8) std::snprintf(b, sizeof b, "%.8e", static_cast<double>(x));
            const std::string s = b;
            const std::size_t e = s.find('e'), sign = s[0] == '-';
            raise(left, 1 + sign), raise(exponent_digits, s.size() - e - 2);
            if (e > sign + 1) raise(decimals, trimmed(s.substr(0, e)).size() - sign - 2);
        } else {
            const std::string s = fixed(x);
            const std::size_t point = s.find('.');
            raise(left, point), raise(right, s.size() - point - 1);
        }
    }
    void measured() {
        if (exponents) right = exponent_digits + 2 + decimals;
        if (special > left + right + 1) left = special - right - 1;
    }
    std::string text(T x) const {
        std::string s;
        std::size_t padding = 0;  // behind
        if (!finite(x)) {
            s = x != x ? "nan" : x < 0 ? "-inf" : "inf";
        } else if (exponents) {
            char b[64];
            std::snprintf(b, sizeof b, "%.*e", decimals, static_cast<double>(x));
            s = b;
            if (decimals == 0) s.insert(s.find('e'), 1, '.');
            const std::size_t digits = s.find('e') + 2;
            s.insert(digits, static_cast<std::size_t>(exponent_digits) - (s.size() - digits), '0');
        } else {
            s = fixed(x);
            padding = static_cast<std::size_t>(right) - (s.size() - s.find('.') - 1);
        }
        const std::size_t width = static_cast<std::size_t>(left + 1 + right) - padding;
        s.insert(0, width > s.size() ? width - s.size() : 0, ' ');
        return s.append(padding, ' ');
    }
};
template <class T>
    requires std::is_integral_v<T>
struct number_format<T> {
    std::size_t width = 0;
    bool many = true;  // a truth value that stands alone has no blank before it

    static std::string digits(T x) {
        char b[24];
        std::snprintf(b, sizeof b, "%lld", static_cast<long long>(x));
        return b;
    }
    void see(T) {}
    void seen() {}
    void measure(T x) {
        if constexpr (!std::is_same_v<T, bool>) {
            const std::size_t n = digits(x).size();
            width = n > width ? n : width;
        }
    }
    void measured() {}
    std::string text(T x) const {
        if constexpr (std::is_same_v<T, bool>) return x ? many ? " True" : "True" : "False";
        std::string s = digits(x);
        return s.insert(0, width - s.size(), ' ');
    }
};

// A tensor of any rank, for printing.
template <class T>
struct printed_tensor {
    const T* data;
    int rank;
    const index *extents, *strides;

    static constexpr index shown = 3;  // at either end of a long axis
    static constexpr std::size_t columns = 75;

    index size() const {
        index n = 1;
        for (int i = 0; i < rank; ++i) n *= extents[i];
        return n;
    }
    bool shortened(int k) const { return extents[k] > 2 * shown && size() > 1000; }

    // What is printed goes through the format: pass 0 sees the numbers, pass 1 measures their texts.
    void prepare(number_format<T>& f, int k, index offset, int pass) const {
        if (k == rank) {
            if (pass == 0) f.see(data[offset]);
            else f.measure(data[offset]);
            return;
        }
        for (index i = 0; i < extents[k]; ++i) {
            if (i == shown && shortened(k)) i = extents[k] - shown;
            prepare(f, k + 1, offset + i * strides[k], pass);
        }
    }
    std::string axis(const number_format<T>& f, int k, index offset, const std::string& indent, std::size_t width) const {
        if (k == rank) return f.text(data[offset]);
        const index n = extents[k];
        std::string s, line = indent;
        for (index i = 0; i < n; ++i) {
            const bool gap = i == shown && shortened(k);
            const std::string word = gap ? "..." : axis(f, k + 1, offset + i * strides[k], indent + ' ', width - 1);
            if (k + 1 < rank) {
                line = indent + word;
            } else if (line.size() + word.size() > width - 1 && line.size() > indent.size()) {
                line.pop_back();  // the blank behind the comma
                s += line + '\n';
                line = indent + word;
            } else {
                line += word;
            }
            if (gap) i = n - shown - 1;
            if (i + 1 == n) break;
            line += ',';
            if (k + 1 == rank) line += ' ';
            else s += line.append(static_cast<std::size_t>(rank - k - 1), '\n');
        }
        s += line;
        return '[' + s.substr(indent.size()) + ']';
    }
    std::string text() const {
        if (size() == 0) return "[]";
        number_format<T> f;
        if constexpr (std::is_integral_v<T>) f.many = rank > 0;
        prepare(f, 0, 0, 0);
        f.seen();
        prepare(f, 0, 0, 1);
        f.measured();
        return axis(f, 0, 0, " ", columns);
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
