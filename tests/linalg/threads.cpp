// The kernels give equal bits for any number of threads, and write their result only.
#include <etta/linalg/linalg.hpp>
#include <etta/run/call.hpp>

#include <initializer_list>

#include "../catch.hpp"
#include "matrices.hpp"

namespace {

// An operand or result of a kernel: row-major, of a batch of 5 matrices.
struct array {
    std::vector<double> at;
    long rows, columns;
    array(long r, long c, double k) : at(static_cast<std::size_t>(5 * r * c)), rows(r), columns(c) {
        for (std::size_t i = 0; i < at.size(); ++i) at[i] = std::sin(1.3 * static_cast<double>(i) + k) + (i % static_cast<std::size_t>(r * c) % static_cast<std::size_t>(c + 1) == 0 ? 40 : 0);
    }
};
// Runs a kernel by hand as each of `threads` threads in turn. The result stands between guards.
template <class Op>
std::vector<double> run(int threads, std::initializer_list<const array*> operands, long rows, long columns, std::initializer_list<std::int64_t> attributes) {
    std::vector<std::int64_t> words, places;
    std::vector<char*> buffers;
    std::vector<double> result(static_cast<std::size_t>(5 * rows * columns + 2), 7);
    const auto describe = [&](double* data, long r, long c) {
        words.insert(words.end(), {static_cast<std::int64_t>(buffers.size()), 3, 5, r * c, r, c, c, 1});
        places.push_back(etta::_::packed({static_cast<int>(buffers.size()), 0}));
        buffers.push_back(reinterpret_cast<char*>(data));
    };
    for (const array* o : operands) describe(const_cast<double*>(o->at.data()), o->rows, o->columns);
    describe(result.data() + 1, rows, columns);
    words.insert(words.end(), attributes);
    for (int t = 0; t < threads; ++t) {
        etta::_::context c;
        c.buffers = buffers.data(), c.places = places.data(), c.thread = t, c.threads = threads;
        etta::_::library_kernel<Op, etta::this_target>::run(words.data(), c);
    }
    CHECK((result.front() == 7 && result.back() == 7));
    return result;
}
template <class Op>
bool same(std::initializer_list<const array*> operands, long rows, long columns, std::initializer_list<std::int64_t> attributes) {
    const auto one = run<Op>(1, operands, rows, columns, attributes);
    for (const double x : one)
        if (std::isnan(x)) return false;
    for (const int threads : {2, 3, 8})
        if (run<Op>(threads, operands, rows, columns, attributes) != one) return false;
    return true;
}

}  // namespace

TEST_CASE("linear algebra gives equal bits for any number of threads") {
    const array a(37, 37, 1), b(37, 150, 2), tall(41, 37, 3);
    array factors(38, 37, 4);
    for (long q = 0; q < 5; ++q)
        for (long j = 0; j < 37; ++j) factors.at[static_cast<std::size_t>(q * 38 * 37 + j)] = static_cast<double>((j + 5) % 37 + 1);
    CHECK(same<etta::_::Cholesky<double>>({&a}, 37, 37, {}));
    CHECK(same<etta::_::LuFactor<double>>({&a}, 38, 37, {}));
    CHECK(same<etta::_::QrFactor<double>>({&tall}, 41, 37, {}));
    CHECK(same<etta::_::TriangularSolve<double>>({&a, &b}, 37, 150, {0, 1, 0}));
    CHECK(same<etta::_::LuSolve<double>>({&a, &factors, &b}, 37, 150, {0}));
    CHECK(same<etta::_::LuSolve<double>>({&a, &factors, &b}, 37, 150, {1}));
}
