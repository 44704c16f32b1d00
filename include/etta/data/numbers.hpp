// numbers.hpp: numbers of any element type that somebody else owns, read as doubles: what metrics and scalers take, so that one
// function, compiled once, serves std::vector<float>, Tensor<double, …>, labels and bytes.
#pragma once

#include <cstdint>

#include "../core/dtype.hpp"
#include "../core/error.hpp"

namespace etta {

// A view of anything contiguous that has data() and size(): a vector, a span, an array, a tensor. Of floats, doubles, bools, or
// integers of up to 64 bits (of the unsigned ones: bytes).
struct number_span {
    const void* data = nullptr;
    dtype type = dtype::none;
    index size = 0;

    constexpr number_span() = default;
    constexpr number_span(const void* p, dtype t, index n) : data(p), type(t), size(n) {}
    template <class R>
        requires requires(const R& r) { *r.data(), static_cast<index>(r.size()); }
    constexpr number_span(const R& r) : data(r.data()), type(type_behind(r.data())), size(static_cast<index>(r.size())) {
        if constexpr (requires { R::contiguous; })
            static_assert(R::contiguous, "etta: numbers are read one after another; this view has strides: copy it to a tensor");
    }

    double operator[](index i) const {
        switch (type) {
            case dtype::f32: return static_cast<double>(static_cast<const float*>(data)[i]);
            case dtype::f64: return static_cast<const double*>(data)[i];
            case dtype::i8: return static_cast<const signed char*>(data)[i];
            case dtype::i16: return static_cast<const short*>(data)[i];
            case dtype::i32: return static_cast<const int*>(data)[i];
            case dtype::i64: return static_cast<double>(static_cast<const std::int64_t*>(data)[i]);
            case dtype::u8: return static_cast<const unsigned char*>(data)[i];
            case dtype::boolean: return static_cast<const bool*>(data)[i] ? 1 : 0;
            case dtype::none: break;
        }
        return 0;
    }

  private:
    template <class T>
    static constexpr dtype type_behind(const T*) {
        static_assert(element<T>, "etta: these are no numbers that can be read: expected float, double, int8 … int64, uint8 or bool");
        if constexpr (element<T>) return dtype_of<T>;
        else return dtype::none;
    }
};

namespace _ {

// Number i as a class, 0 .. classes-1.
template <class Target = this_target>
index label_at(const number_span& labels, index i, index classes, const char* who) {
    const double x = labels[i];
    const bool inside = x >= 0 && x < static_cast<double>(classes);  // NaN is not
    const index c = inside ? static_cast<index>(x) : 0;
    if (!inside || static_cast<double>(c) != x)
        fail_with<Target>("%s: label %g at place %lld is none of 0 .. %lld", who, x, static_cast<long long>(i), static_cast<long long>(classes - 1));
    return c;
}
// As many weights as numbers, or none; none negative.
template <class Target = this_target>
void check_pairs(const char* who, index actual, index predicted, const number_span& weight) {
    if (actual != predicted)
        fail_with<Target>("%s: %lld actual values and %lld predicted ones", who, static_cast<long long>(actual), static_cast<long long>(predicted));
    if (weight.size != 0 && weight.size != actual)
        fail_with<Target>("%s: %lld values and %lld weights", who, static_cast<long long>(actual), static_cast<long long>(weight.size));
    for (index i = 0; i < weight.size; ++i)
        if (!(weight[i] >= 0 && weight[i] < __builtin_huge_val()))
            fail_with<Target>("%s: weight %g at place %lld", who, weight[i], static_cast<long long>(i));
}

}  // namespace _

}  // namespace etta
