// inspect() prints traced values when programs run.
#include <etta/etta.hpp>

#include "../catch.hpp"

#include <unistd.h>

using namespace etta;

namespace {
// What f prints to the standard output.
template <class F>
std::string printed_by(const F& f) {
    std::fflush(stdout);
    std::FILE* const file = std::tmpfile();
    const int out = dup(1);
    dup2(fileno(file), 1);
    f();
    std::fflush(stdout);
    dup2(out, 1);
    close(out);
    std::rewind(file);
    std::string s;
    for (int c; (c = std::fgetc(file)) != EOF;) s += static_cast<char>(c);
    std::fclose(file);
    return s;
}
struct Net {
    Linear<1> fc;
    constexpr auto operator()(auto x) const {
        inspect(x, "input");
        return fc(x);
    }
};
}  // namespace

TEST_CASE("inspect prints a value of any dtype under its label, once per run, whether its result is used or not") {
    Tensor<double, 2, 2> x = {1, 2, 3, 4};
    Tensor<double, 2, 2> g;
    const std::string s = printed_by([&] {
        g = grad([](auto x) {
            inspect(x * x, "the squares");
            return sum(where(inspect(x > 2), x * x, 0));
        })(x);
    });
    CHECK(s == "the squares: double [[ 1.,  4.],\n [ 9., 16.]]\nvalue: bool [[False, False],\n [ True,  True]]\n");
    CHECK((g[0] == 0 && g[3] == 8));
}

TEST_CASE("inspect under vmap prints the batch, and in a model it prints at each run") {
    Tensor<float, 2, 1> x = {1, 2};
    CHECK(printed_by([&] {
        vmap([](auto x) {
            inspect(2 * x, "row");
            return x;
        })(x);
    }) == "row: float [[2.],\n [4.]]\n");
    Model<Net, Input<float, 1>, max_batch<2>> model{seed(1)};
    CHECK(printed_by([&] { model(x), model(x); }) == "input: float [[1.],\n [2.]]\ninput: float [[1.],\n [2.]]\n");
}
