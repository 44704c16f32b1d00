// The blocked matrix product against a reference in long double: sizes around lanes and blocks, every stride pattern, tails
// that stay in bounds, and equal bits for any number of threads.
#include <etta/run/cpu/gemm_core.hpp>

#include "catch.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

using etta::_::context;
using etta::_::lane_class;

namespace {

template <class T>
constexpr int lanes = etta::native_lanes<T, etta::this_target>;

// Stores each vector once; what was stored is counted.
template <class T>
struct store {
    T* c;
    int* times;
    std::ptrdiff_t row;
    template <bool Tail>
    void operator()(std::ptrdiff_t i, std::ptrdiff_t j, etta::lane<T, lanes<T>, etta::this_target> acc, int count, std::bool_constant<Tail>) const {
        if constexpr (Tail) acc.store(c + i * row + j, count);
        else acc.store(c + i * row + j);
        for (int k = 0; k < count; ++k) ++times[i * row + j + k];
    }
};

enum layout { row_major, transposed, spread };

template <class T>
struct product {
    long m, n, k;
    etta::_::gemm_operands<T> g;
    std::vector<T> a, b;
    unsigned seed = 1;

    T next() {
        seed = seed * 1664525u + 1013904223u;
        return static_cast<T>(static_cast<double>(seed >> 8) / (1 << 24) * 2 - 1);
    }
    product(long rows, long columns, long depth, layout la, layout lb) : m(rows), n(columns), k(depth) {
        g.m = m, g.n = n, g.k = k;
        if (la == row_major) g.a_row = k, g.a_k = 1;
        else if (la == transposed) g.a_row = 1, g.a_k = m;
        else g.a_row = 2 * k + 1, g.a_k = 2;
        if (lb == row_major) g.b_k = n, g.b_col = 1;
        else if (lb == transposed) g.b_k = 1, g.b_col = k;
        else g.b_k = 3 * n + 2, g.b_col = 3;
        const auto size = [](long x, long sx, long y, long sy) { return x > 0 && y > 0 ? (x - 1) * sx + (y - 1) * sy + 1 : 0; };
        a.resize(static_cast<std::size_t>(size(m, g.a_row, k, g.a_k)));  // exactly: a read beyond is caught by sanitizers
        b.resize(static_cast<std::size_t>(size(k, g.b_k, n, g.b_col)));
        for (T& x : a) x = next();
        for (T& x : b) x = next();
        g.a = a.data(), g.b = b.data();
    }
    static constexpr std::size_t guard = 64;
    // in_place: C is known to the product, which computes whole blocks in it.
    std::vector<T> run(int threads, int* stored_other_than_once = nullptr, bool in_place = false) const {
        std::vector<T> c(static_cast<std::size_t>(m * n) + 2 * guard, T(7));
        std::vector<int> times(static_cast<std::size_t>(m * n) + 2 * guard, 0);
        const store<T> e{c.data() + guard, times.data() + guard, n};
        for (int t = 0; t < threads; ++t) {
            context x;
            x.thread = t, x.threads = threads;
            etta::_::gemm<T, lanes<T>, etta::this_target, lane_class::strided, lane_class::strided, lane_class::strided>(g, e, x, in_place ? c.data() + guard : nullptr, n);
        }
        if (stored_other_than_once != nullptr)
            for (long i = 0; i < m * n; ++i) *stored_other_than_once += times[guard + static_cast<std::size_t>(i)] != 1;
        return c;
    }
    // How many elements are wrong, stored twice or never, out of bounds, or differ between 1, 2, 3 and 5 threads.
    int wrong() const {
        int bad = 0;
        const std::vector<T> c = run(1, &bad);
        for (std::size_t i = 0; i < guard; ++i) bad += c[i] != T(7), bad += c[c.size() - 1 - i] != T(7);
        for (long i = 0; i < m; ++i)
            for (long j = 0; j < n; ++j) {
                long double s = 0, size = 0;
                for (long q = 0; q < k; ++q) {
                    const long double p = static_cast<long double>(g.a[i * g.a_row + q * g.a_k]) * g.b[q * g.b_k + j * g.b_col];
                    s += p, size += std::abs(p);
                }
                const long double error = std::abs(s - c[guard + static_cast<std::size_t>(i * n + j)]);
                bad += !(error <= static_cast<long double>(k + 1) * std::numeric_limits<T>::epsilon() * size);
            }
        for (int threads : {2, 3, 5}) bad += std::memcmp(run(threads).data(), c.data(), c.size() * sizeof(T)) != 0;
        bad += m > 0 && n > 0 && std::memcmp(run(2, nullptr, true).data(), c.data(), c.size() * sizeof(T)) != 0;
        return bad;
    }
};

template <class T>
int wrong_products(std::initializer_list<long> rows, std::initializer_list<long> columns, std::initializer_list<long> depths) {
    int bad = 0;
    for (const long m : rows)
        for (const long n : columns)
            for (const long k : depths)
                for (const layout a : {row_major, transposed, spread})
                    for (const layout b : {row_major, transposed, spread}) bad += product<T>(m, n, k, a, b).wrong();
    return bad;
}

}  // namespace

TEMPLATE_TEST_CASE("matrix products of all sizes around lanes and blocks are right, whatever the strides", "", float, double) {
    CHECK(wrong_products<TestType>({1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17}, {1, 2, 5, 15, 16, 17, 31, 33, 47, 48, 49, 65}, {1, 2, 15, 16, 17, 33}) == 0);
    CHECK(wrong_products<TestType>({31, 33, 63, 65}, {1, 16, 31, 64, 100}, {1, 31, 65}) == 0);
}

TEMPLATE_TEST_CASE("sums longer than a block are carried to its end", "", float, double) {
    CHECK(wrong_products<TestType>({1, 6, 9, 40}, {1, 4, 17, 64}, {191, 192, 193, 400, 1000}) == 0);
    CHECK(wrong_products<TestType>({300}, {50}, {200}) == 0);
}

TEMPLATE_TEST_CASE("a left operand that runs along its columns is right also where it spans many pages, and is turned first", "", float, double) {
    int bad = 0;
    for (const long m : {260, 263, 300}) bad += product<TestType>(m, 52, 400, transposed, row_major).wrong();          // all of K at a time
    for (const long m : {80, 101}) bad += product<TestType>(m, 100, 2500, transposed, row_major).wrong();  // a part of K
    CHECK(bad == 0);
}

TEMPLATE_TEST_CASE("an empty sum is 0, an empty product writes nothing", "", float, double) {
    CHECK(wrong_products<TestType>({0, 1, 5, 9, 20}, {0, 1, 17, 50}, {0}) == 0);
    CHECK(wrong_products<TestType>({0, 9}, {0, 50}, {3}) == 0);
}

TEST_CASE("products of integers are exact") {
    const int a[] = {1, -2, 3, 4, 5, -6}, b[] = {7, 8, -9, 10, 11, 12};  // (2, 3) x (3, 2)
    etta::_::gemm_operands<int> g;
    g.m = 2, g.n = 2, g.k = 3, g.a = a, g.a_row = 3, g.a_k = 1, g.b = b, g.b_k = 2, g.b_col = 1;
    int c[4] = {}, times[4] = {};
    etta::_::gemm<int, lanes<int>, etta::this_target, lane_class::contiguous, lane_class::strided, lane_class::contiguous>(g, store<int>{c, times, 2}, context{});
    CHECK(c[0] == 1 * 7 + 2 * 9 + 3 * 11);
    CHECK(c[1] == 1 * 8 - 2 * 10 + 3 * 12);
    CHECK(c[2] == 4 * 7 - 5 * 9 - 6 * 11);
    CHECK(c[3] == 4 * 8 + 5 * 10 - 6 * 12);
}
