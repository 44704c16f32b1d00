// random_programs: what programs compute is what their Graphs mean. Written by random_programs.py (where it is said how to
// try other seeds):
//   random_programs.py 12 28 --type double
#include <etta/etta.hpp>

#include "program_check.hpp"

#include "catch.hpp"

using etta::Tensor;

namespace {

struct F0 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1) const {
        [[maybe_unused]] auto v0 = softplus(x0);
        [[maybe_unused]] auto v1 = where(v0 > 0, x0, x0);
        [[maybe_unused]] auto v2 = softmax<0>(v0);
        [[maybe_unused]] auto v3 = -v2;
        [[maybe_unused]] auto v4 = softplus(v1);
        [[maybe_unused]] auto v5 = expm1(sin(x1));
        [[maybe_unused]] auto v6 = where(v0 <= x0 && x0 > 0, v0, 0.5);
        return sum(v6) + sum(v3) + sum(v4) + mean(v5 * v5);
    }
};
struct G0 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1) const { return etta::value_and_grad<1>(F0{})(x0, x1); }
};

struct F1 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1, [[maybe_unused]] auto x2) const {
        [[maybe_unused]] auto v0 = x2 * x2 + x2;
        [[maybe_unused]] auto v1 = x0 * etta::cast<double>(etta::iota_like<0>(x0)) * 0.1;
        [[maybe_unused]] auto v2 = x0 - 0.3 * v1;
        [[maybe_unused]] auto v3 = sigmoid(x1);
        [[maybe_unused]] auto v4 = clamp(x0, -0.7, 0.9);
        [[maybe_unused]] auto v5 = x0 * tanh(v2);
        [[maybe_unused]] auto v6 = v5 * tanh(v4);
        [[maybe_unused]] auto v7 = v5 * tanh(v6);
        return v7;
    }
};
struct G1 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1, [[maybe_unused]] auto x2) const { return etta::vmap<0, 0, 0>(F1{})(x0, x1, x2); }
};

struct F2 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1) const {
        [[maybe_unused]] auto v0 = where(x1 > 0.2, x1, 0.1);
        [[maybe_unused]] auto v1 = 0.2 * log_softmax<1>(v0);
        [[maybe_unused]] auto v2 = etta::slice<1, 2, 4, 1>(x1);
        [[maybe_unused]] auto v3 = etta::repeat<2, 1>(v1);
        [[maybe_unused]] auto v4 = v3 - max(v3, etta::axis<0>, etta::keepdims);
        [[maybe_unused]] auto v5 = 1 / (1 + v4 * v4);
        [[maybe_unused]] auto v6 = sum(0.2 * v5, etta::axis<1>, etta::keepdims);
        [[maybe_unused]] auto v7 = 0.3 * matmul(v2.t(), x1);
        [[maybe_unused]] auto v8 = sum(v7 * v7);
        [[maybe_unused]] auto v9 = v7 * etta::cast<double>(etta::iota_like<1>(v7)) * 0.1;
        [[maybe_unused]] auto v10 = clamp(x1, -0.7, 0.9);
        [[maybe_unused]] auto v11 = softmax<1>(v10);
        [[maybe_unused]] auto v12 = etta::unsqueeze<1>(v11);
        return sum(v12) + sum(v6) + mean(v8 * v8);
    }
};
struct G2 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1) const { return etta::value_and_grad<0, 1>(F2{})(x0, x1); }
};

struct F3 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1, [[maybe_unused]] auto x2) const {
        [[maybe_unused]] auto v0 = 0.5 * x0;
        [[maybe_unused]] auto v1 = where(v0 > 0, v0, v0);
        [[maybe_unused]] auto v2 = softmax<0>(v1);
        [[maybe_unused]] auto v3 = v1 - mean(v1, etta::axis<0>, etta::keepdims);
        [[maybe_unused]] auto v4 = sum(x0 * x0, etta::axis<0>, etta::keepdims);
        [[maybe_unused]] auto v5 = sum(0.2 * x1, etta::axis<0>, etta::keepdims);
        [[maybe_unused]] auto v6 = sum(tanh(v1), etta::axis<0>, etta::keepdims);
        [[maybe_unused]] auto v7 = maximum(v6, v6);
        return std::make_tuple(v7, v1, v2, v3);
    }
};

struct F4 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1) const {
        [[maybe_unused]] auto v0 = etta::repeat<2, 0>(x0);
        [[maybe_unused]] auto v1 = sin(v0);
        [[maybe_unused]] auto v2 = etta::tile<2>(v0);
        [[maybe_unused]] auto v3 = etta::concat<0>(x1, v2);
        [[maybe_unused]] auto v4 = etta::stack<0>(v3, v3);
        [[maybe_unused]] auto v5 = v4 + v4;
        [[maybe_unused]] auto v6 = 0.3 * matmul(v3, v5.t());
        [[maybe_unused]] auto v7 = sum(tanh(v5));
        [[maybe_unused]] auto v8 = where(v4 > 0.2, v4, 0.1);
        return v8;
    }
};
struct G4 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1, [[maybe_unused]] auto tx0, [[maybe_unused]] auto tx1) const { return etta::jvp(F4{})(etta::args(x0, x1), etta::args(tx0, tx1)); }
};

struct F5 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1) const {
        [[maybe_unused]] auto v0 = expm1(sin(x1));
        [[maybe_unused]] auto v1 = max(x1);
        [[maybe_unused]] auto v2 = where(v1 > 0, v1, v1);
        [[maybe_unused]] auto v3 = sqrt(x0 * x0 + 1);
        [[maybe_unused]] auto v4 = etta::flip<1>(x0);
        [[maybe_unused]] auto v5 = variance(v0, etta::axis<0>, etta::keepdims);
        [[maybe_unused]] auto v6 = abs(v3);
        [[maybe_unused]] auto v7 = v6 * tanh(x0);
        [[maybe_unused]] auto v8 = maximum(v7, v7);
        [[maybe_unused]] auto v9 = mean(square(v5 - 0.1), etta::axis<0>);
        [[maybe_unused]] auto v10 = 0.3 * matmul(v5, v5);
        [[maybe_unused]] auto v11 = v10 - 0.3 * v10;
        [[maybe_unused]] auto v12 = softplus(v8);
        [[maybe_unused]] auto v13 = 0.5 * v11 + v11;
        return std::make_tuple(v13, v2, v4, v9);
    }
};

struct F6 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1) const {
        [[maybe_unused]] auto v0 = x1 + x1;
        [[maybe_unused]] auto v1 = softmax<2>(v0);
        [[maybe_unused]] auto v2 = etta::tile<2>(x0);
        [[maybe_unused]] auto v3 = etta::diagonal(x0);
        [[maybe_unused]] auto v4 = x1 * tanh(x1);
        return sum(v4) + mean(v1 * v1);
    }
};
struct G6 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1) const { return etta::value_and_grad<0, 1>(F6{})(x0, x1); }
};

struct F7 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1) const {
        [[maybe_unused]] auto v0 = etta::broadcast_to<2, 5, 4>(x1);
        [[maybe_unused]] auto v1 = rsqrt(1 + v0 * v0);
        [[maybe_unused]] auto v2 = etta::diagonal(v1);
        [[maybe_unused]] auto v3 = sum(v2 * v2, etta::axis<0, 1>, etta::keepdims);
        [[maybe_unused]] auto v4 = square(tanh(v2));
        [[maybe_unused]] auto v5 = where(v4 <= v4 && v4 > 0, v4, 0.5);
        [[maybe_unused]] auto v6 = min(v2, etta::axis<0, 1>, etta::keepdims);
        [[maybe_unused]] auto v7 = v6 * v1;
        [[maybe_unused]] auto v8 = v6 * tanh(v7);
        [[maybe_unused]] auto v9 = v8 - 0.3 * v8;
        [[maybe_unused]] auto v10 = v9 - max(v9, etta::axis<2>, etta::keepdims);
        [[maybe_unused]] auto v11 = tanh(v10);
        [[maybe_unused]] auto v12 = sum(tanh(v11), etta::axis<0>, etta::keepdims);
        return mean(v12 * v12) + sum(v3) + sum(v5);
    }
};
struct G7 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1) const { return etta::value_and_grad<0, 1>(F7{})(x0, x1); }
};

struct F8 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1) const {
        [[maybe_unused]] auto v0 = abs(x1);
        [[maybe_unused]] auto v1 = expm1(sin(v0));
        [[maybe_unused]] auto v2 = v1 * tanh(v0);
        [[maybe_unused]] auto v3 = softplus(v0);
        [[maybe_unused]] auto v4 = minimum(v0, v0);
        [[maybe_unused]] auto v5 = 0.5 * x1 + v4;
        [[maybe_unused]] auto v6 = v5 * v5 + v4;
        [[maybe_unused]] auto v7 = where(v6 <= v6 && v6 > 0, v6, 0.5);
        [[maybe_unused]] auto v8 = expm1(sin(v7));
        [[maybe_unused]] auto v9 = v8 * tanh(v3);
        [[maybe_unused]] auto v10 = x1 - 0.3 * x1;
        [[maybe_unused]] auto v11 = v8 / (1 + v10 * v10);
        [[maybe_unused]] auto v12 = v11 * v11;
        [[maybe_unused]] auto v13 = maximum(v12, v12);
        [[maybe_unused]] auto v14 = where(v0 > v13, v0 * 2, v13);
        return mean(v14 * v14) + sum(v2) + mean(v9 * v9);
    }
};
struct G8 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1) const { return etta::value_and_grad<0>(F8{})(x0, x1); }
};

struct F9 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1, [[maybe_unused]] auto x2) const {
        [[maybe_unused]] auto v0 = etta::diagonal(x0);
        [[maybe_unused]] auto v1 = erf(x1);
        [[maybe_unused]] auto v2 = where(x1 > v1, x1 * 2, v1);
        [[maybe_unused]] auto v3 = 0.5 * v0 + x0;
        [[maybe_unused]] auto v4 = v2 * etta::cast<double>(etta::iota_like<0>(v2)) * 0.1;
        return sum(v4) + sum(v3);
    }
};
struct G9 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1, [[maybe_unused]] auto x2) const { return etta::grad<0, 1, 2>(F9{})(x0, x1, x2); }
};

struct F10 {
    constexpr auto operator()([[maybe_unused]] auto x0) const {
        [[maybe_unused]] auto v0 = expm1(sin(x0));
        [[maybe_unused]] auto v1 = x0 * v0 + x0;
        [[maybe_unused]] auto v2 = v1 / sqrt(1 + sum(v1 * v1, etta::axis<0>, etta::keepdims));
        [[maybe_unused]] auto v3 = where(v2 <= x0 && x0 > 0, v2, 0.5);
        [[maybe_unused]] auto v4 = x0 + v2;
        [[maybe_unused]] auto v5 = etta::concat<0>(v4, v4);
        [[maybe_unused]] auto v6 = 0.5 * v5;
        [[maybe_unused]] auto v7 = where(!(v6 < v6), sin(v6), cos(v6));
        [[maybe_unused]] auto v8 = 0.3 * matmul(v7, v7);
        [[maybe_unused]] auto v9 = v0 / (1 + v8 * v8);
        [[maybe_unused]] auto v10 = v3 - x0;
        return sum(v10);
    }
};
struct G10 {
    constexpr auto operator()([[maybe_unused]] auto x0) const { return etta::grad<0>(F10{})(x0); }
};

struct F11 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1, [[maybe_unused]] auto x2) const {
        [[maybe_unused]] auto v0 = etta::outer(x1, x0);
        [[maybe_unused]] auto v1 = abs(v0);
        [[maybe_unused]] auto v2 = tanh(v0);
        return std::make_tuple(v2, v1);
    }
};
struct G11 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1, [[maybe_unused]] auto x2) const { return etta::vmap<0, -1, 0>(F11{})(x0, x1, x2); }
};

struct F12 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1) const {
        [[maybe_unused]] auto v0 = sum(0.2 * x1, etta::axis<-2, 1>, etta::keepdims);
        [[maybe_unused]] auto v1 = v0 * v0;
        [[maybe_unused]] auto v2 = v1 - v1;
        return mean(v2 * v2) + sum(v0) + mean(v1 * v1);
    }
};
struct G12 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1) const { return etta::grad<0, 1>(F12{})(x0, x1); }
};

struct F13 {
    constexpr auto operator()([[maybe_unused]] auto x0) const {
        [[maybe_unused]] auto v0 = erf(x0);
        [[maybe_unused]] auto v1 = where(x0 <= x0 && x0 > 0, x0, 0.5);
        [[maybe_unused]] auto v2 = sqrt(v1 * v1 + 1);
        [[maybe_unused]] auto v3 = sin(x0);
        [[maybe_unused]] auto v4 = tanh(v1 - v2);
        [[maybe_unused]] auto v5 = v2 * tanh(v4);
        [[maybe_unused]] auto v6 = log(1 + v5 * v5);
        [[maybe_unused]] auto v7 = where(v2 <= v3 && v3 > 0, v2, 0.5);
        [[maybe_unused]] auto v8 = 1 / (1 + v2 * v2);
        [[maybe_unused]] auto v9 = expm1(sin(v8));
        return std::make_tuple(v9, v0, v6);
    }
};

struct F14 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1) const {
        [[maybe_unused]] auto v0 = etta::cast<double>(etta::cast<int>(1.7 * tanh(x0)));
        [[maybe_unused]] auto v1 = maximum(x1, x1);
        [[maybe_unused]] auto v2 = permute<1, 0>(v0);
        [[maybe_unused]] auto v3 = sqrt(v2 * v2 + 1);
        [[maybe_unused]] auto v4 = softmax<0>(x0);
        [[maybe_unused]] auto v5 = softmax<0>(x0);
        [[maybe_unused]] auto v6 = sum(v5 * v5, etta::axis<0, 1>);
        [[maybe_unused]] auto v7 = where(!(x1 < v6), sin(x1), cos(v6));
        [[maybe_unused]] auto v8 = v5 - max(v5, etta::axis<0>, etta::keepdims);
        [[maybe_unused]] auto v9 = min(v8, etta::axis<-2>);
        [[maybe_unused]] auto v10 = 0.3 * matmul(v3, v8);
        return mean(v10 * v10) + sum(v0) + mean(v4 * v4) + sum(v7);
    }
};
struct G14 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1) const { return etta::value_and_grad<0, 1>(F14{})(x0, x1); }
};

struct F15 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1, [[maybe_unused]] auto x2) const {
        [[maybe_unused]] auto v0 = x2 - 0.3 * x2;
        [[maybe_unused]] auto v1 = 0.3 * etta::cumsum<0>(x1);
        [[maybe_unused]] auto v2 = stop_gradient(x0) * x0;
        [[maybe_unused]] auto v3 = v1 * 0.1 + 1;
        [[maybe_unused]] auto v4 = etta::stack<0>(v2, v2);
        [[maybe_unused]] auto v5 = 0.3 * matmul(x0, x0);
        [[maybe_unused]] auto v6 = etta::diagonal(v4);
        [[maybe_unused]] auto v7 = cos(v6) * v6;
        [[maybe_unused]] auto v8 = square(tanh(v3));
        return std::make_tuple(v8, v0);
    }
};

struct F16 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1, [[maybe_unused]] auto x2) const {
        [[maybe_unused]] auto v0 = x1 - mean(x1, etta::axis<0>, etta::keepdims);
        [[maybe_unused]] auto v1 = where(!(v0 < v0), sin(v0), cos(v0));
        [[maybe_unused]] auto v2 = v1 / (1 + x1 * x1);
        [[maybe_unused]] auto v3 = where(v2 > x2, v2 * 2, x2);
        [[maybe_unused]] auto v4 = where(v3 > 0.2, v3, 0.1);
        [[maybe_unused]] auto v5 = v0 - 0.3 * v4;
        [[maybe_unused]] auto v6 = where(!(v5 < v5), sin(v5), cos(v5));
        [[maybe_unused]] auto v7 = etta::slice<0, 1, 2, 2>(v6);
        [[maybe_unused]] auto v8 = x2 * v3 + x2;
        [[maybe_unused]] auto v9 = etta::slice<0, 1, 3, 2>(v8);
        return std::make_tuple(v9, v3);
    }
};
struct G16 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1, [[maybe_unused]] auto x2, [[maybe_unused]] auto tx0, [[maybe_unused]] auto tx1, [[maybe_unused]] auto tx2) const { return etta::jvp(F16{})(etta::args(x0, x1, x2), etta::args(tx0, tx1, tx2)); }
};

struct F17 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1) const {
        [[maybe_unused]] auto v0 = x1 / (1 + x1 * x1);
        [[maybe_unused]] auto v1 = etta::flatten<0>(v0);
        [[maybe_unused]] auto v2 = -v1;
        [[maybe_unused]] auto v3 = maximum(x1, x1);
        [[maybe_unused]] auto v4 = 0.3 * matmul(v2, v1);
        [[maybe_unused]] auto v5 = 0.3 * matmul(v3, x1.t());
        [[maybe_unused]] auto v6 = softmax<3>(v5);
        [[maybe_unused]] auto v7 = sum(x0 * x0, etta::axis<0>, etta::keepdims);
        [[maybe_unused]] auto v8 = mean(square(v7 - 0.1), etta::axis<0>);
        [[maybe_unused]] auto v9 = etta::tile<2>(v5);
        [[maybe_unused]] auto v10 = v8 * v8;
        [[maybe_unused]] auto v11 = etta::flip<0>(v9);
        [[maybe_unused]] auto v12 = sigmoid(v11);
        [[maybe_unused]] auto v13 = softmax<0>(v1);
        return sum(v13) + sum(v4);
    }
};
struct G17 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1) const { return etta::value_and_grad<0, 1>(F17{})(x0, x1); }
};

struct F18 {
    constexpr auto operator()([[maybe_unused]] auto x0) const {
        [[maybe_unused]] auto v0 = where(x0 <= x0 && x0 > 0, x0, 0.5);
        [[maybe_unused]] auto v1 = etta::flatten<0>(v0);
        [[maybe_unused]] auto v2 = 0.2 * log_softmax<0>(v1);
        [[maybe_unused]] auto v3 = v2 / sqrt(1 + sum(v2 * v2, etta::axis<0>, etta::keepdims));
        [[maybe_unused]] auto v4 = 0.3 * matmul(v3, v3);
        [[maybe_unused]] auto v5 = v4 - v0;
        [[maybe_unused]] auto v6 = 0.3 * matmul(v5, x0);
        [[maybe_unused]] auto v7 = v6 * v0;
        [[maybe_unused]] auto v8 = maximum(x0, v7);
        [[maybe_unused]] auto v9 = permute<0>(v3);
        [[maybe_unused]] auto v10 = 0.3 * etta::cumsum<0>(v3);
        [[maybe_unused]] auto v11 = 0.3 * matmul(v10, v9);
        [[maybe_unused]] auto v12 = 0.3 * matmul(v10, v5);
        [[maybe_unused]] auto v13 = sum(tanh(v10));
        return sum(v13) + sum(v4);
    }
};
struct G18 {
    constexpr auto operator()([[maybe_unused]] auto x0) const { return etta::grad<0>(F18{})(x0); }
};

struct F19 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1) const {
        [[maybe_unused]] auto v0 = softmax<0>(x1);
        [[maybe_unused]] auto v1 = where(v0 <= x0 && x0 > 0, v0, 0.5);
        [[maybe_unused]] auto v2 = min(x1, etta::axis<0>);
        return sum(v2) + mean(v1 * v1);
    }
};
struct G19 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1) const { return etta::hessian<1>(F19{})(x0, x1); }
};

struct F20 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1) const {
        [[maybe_unused]] auto v0 = 0.5 * x1;
        [[maybe_unused]] auto v1 = min(x1, etta::axis<-1>);
        [[maybe_unused]] auto v2 = 0.5 * v1;
        [[maybe_unused]] auto v3 = v2 * x0;
        [[maybe_unused]] auto v4 = etta::repeat<2, 0>(v3);
        [[maybe_unused]] auto v5 = v1 / sqrt(1 + sum(v1 * v1, etta::axis<0>, etta::keepdims));
        [[maybe_unused]] auto v6 = v3 * tanh(v5);
        [[maybe_unused]] auto v7 = where(v6 > 0, x1, v6);
        [[maybe_unused]] auto v8 = cos(v6) * v6;
        [[maybe_unused]] auto v9 = v5 * tanh(v2);
        [[maybe_unused]] auto v10 = softmax<0>(v3);
        [[maybe_unused]] auto v11 = etta::repeat<2, 0>(v9);
        [[maybe_unused]] auto v12 = 0.3 * etta::cumsum<0>(v4);
        [[maybe_unused]] auto v13 = etta::cast<double>(v12 > 0) * 0.7;
        return mean(v13 * v13) + mean(v0 * v0);
    }
};
struct G20 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1) const { return etta::value_and_grad<1>(F20{})(x0, x1); }
};

struct F21 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1) const {
        [[maybe_unused]] auto v0 = etta::slice<1, 37, 56, 2>(x0);
        [[maybe_unused]] auto v1 = 0.3 * etta::cumsum<0>(v0);
        [[maybe_unused]] auto v2 = v1 * v1;
        [[maybe_unused]] auto v3 = mean(v1);
        [[maybe_unused]] auto v4 = x1 * etta::cast<double>(etta::iota_like<0>(x1)) * 0.1;
        [[maybe_unused]] auto v5 = softmax<0>(v4);
        [[maybe_unused]] auto v6 = max(v5, etta::axis<0>, etta::keepdims);
        [[maybe_unused]] auto v7 = where(v6 > 0, v4, v5);
        return std::make_tuple(v7, v2);
    }
};

struct F22 {
    constexpr auto operator()([[maybe_unused]] auto x0) const {
        [[maybe_unused]] auto v0 = x0 / (1 + x0 * x0);
        [[maybe_unused]] auto v1 = softmax<0>(v0);
        [[maybe_unused]] auto v2 = v1 * tanh(v1);
        [[maybe_unused]] auto v3 = mean(v2);
        [[maybe_unused]] auto v4 = rsqrt(1 + v3 * v3);
        [[maybe_unused]] auto v5 = v4 * 0.1 + 1;
        [[maybe_unused]] auto v6 = 1 / (1 + v5 * v5);
        [[maybe_unused]] auto v7 = v2 * etta::cast<double>(etta::iota_like<0>(v2)) * 0.1;
        [[maybe_unused]] auto v8 = x0 * tanh(v7);
        return v8;
    }
};

struct F23 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1) const {
        [[maybe_unused]] auto v0 = etta::flip<0>(x0);
        [[maybe_unused]] auto v1 = etta::tile<2>(v0);
        [[maybe_unused]] auto v2 = clamp(x0, minimum(x0, v1), maximum(x0, v1));
        [[maybe_unused]] auto v3 = softmax<0>(x0);
        [[maybe_unused]] auto v4 = 0.5 * v0;
        [[maybe_unused]] auto v5 = etta::slice<0, 0, 1, 1>(v3);
        [[maybe_unused]] auto v6 = etta::pad<0, 1, 1>(v5);
        [[maybe_unused]] auto v7 = v6 / (1 + x1 * x1);
        [[maybe_unused]] auto v8 = etta::unsqueeze<1>(v7);
        [[maybe_unused]] auto v9 = 0.3 * etta::cumsum<0>(v2);
        [[maybe_unused]] auto v10 = v9 / (1 + v9 * v9);
        [[maybe_unused]] auto v11 = etta::slice<0, 2, 3, 1>(v7);
        [[maybe_unused]] auto v12 = v11 * v11;
        [[maybe_unused]] auto v13 = v7 / (1 + v7 * v7);
        [[maybe_unused]] auto v14 = prod(1 + 0.1 * tanh(v13), etta::axis<0>);
        return v14;
    }
};

struct F24 {
    constexpr auto operator()([[maybe_unused]] auto x0) const {
        [[maybe_unused]] auto v0 = where(x0 > 0, x0, x0);
        [[maybe_unused]] auto v1 = x0 / (1 + x0 * x0);
        [[maybe_unused]] auto v2 = minimum(v1, v1);
        [[maybe_unused]] auto v3 = etta::slice<2, 0, 3, 2>(v2);
        return sum(v3) + sum(v0);
    }
};
struct G24 {
    constexpr auto operator()([[maybe_unused]] auto x0) const { return etta::vmap<0>(etta::grad<0>(F24{}))(x0); }
};

struct F25 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1) const {
        [[maybe_unused]] auto v0 = x1 / (1 + x1 * x1);
        [[maybe_unused]] auto v1 = v0 * v0 + v0;
        [[maybe_unused]] auto v2 = etta::broadcast_to<4, 5>(v1);
        [[maybe_unused]] auto v3 = where(v0 <= v2 && v2 > 0, v0, 0.5);
        [[maybe_unused]] auto v4 = x0 - 0.3 * v3;
        [[maybe_unused]] auto v5 = sum(v4 * v4, etta::axis<0, 1>);
        [[maybe_unused]] auto v6 = sqrt(v4 * v4 + 1);
        [[maybe_unused]] auto v7 = 0.3 * matmul(v6.t(), x1);
        [[maybe_unused]] auto v8 = maximum(x0, v2);
        [[maybe_unused]] auto v9 = softmax<0>(x1);
        [[maybe_unused]] auto v10 = 0.3 * matmul(x0, v4.t());
        [[maybe_unused]] auto v11 = where(v10 > 0.2, v10, 0.1);
        [[maybe_unused]] auto v12 = exp(-v11 * v11);
        return sum(v12) + sum(v5);
    }
};
struct G25 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1) const { return etta::grad<0, 1>(F25{})(x0, x1); }
};

struct F26 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1) const {
        [[maybe_unused]] auto v0 = 0.5 * x0 + x0;
        [[maybe_unused]] auto v1 = relu(v0);
        [[maybe_unused]] auto v2 = x1 / sqrt(1 + sum(x1 * x1, etta::axis<0>, etta::keepdims));
        [[maybe_unused]] auto v3 = 0.5 * x0 + v1;
        return v3;
    }
};

struct F27 {
    constexpr auto operator()([[maybe_unused]] auto x0, [[maybe_unused]] auto x1, [[maybe_unused]] auto x2) const {
        [[maybe_unused]] auto v0 = permute<0>(x2);
        [[maybe_unused]] auto v1 = atan(v0);
        [[maybe_unused]] auto v2 = minimum(v1, v1);
        [[maybe_unused]] auto v3 = prod(1 + 0.1 * tanh(x2), etta::axis<0>, etta::keepdims);
        [[maybe_unused]] auto v4 = etta::stack<0>(v1, x0);
        [[maybe_unused]] auto v5 = etta::flip<1>(v4);
        [[maybe_unused]] auto v6 = where(x1 > 0, v0, v3);
        [[maybe_unused]] auto v7 = 0.5 * v6;
        [[maybe_unused]] auto v8 = v6 * v7;
        [[maybe_unused]] auto v9 = 1 / (1 + x2 * x2);
        [[maybe_unused]] auto v10 = mean(v9, etta::axis<-1>, etta::keepdims);
        return std::make_tuple(v10, v0, v2, v3);
    }
};

}  // namespace

TEST_CASE("random program 0 (grad) computes what its Graph means") {
    auto x0 = check::filled(Tensor<double, 17>{}, 1.00);
    auto x1 = check::filled(Tensor<double, 130>{}, 1.37);
    CHECK(check::program_error(G0{}, x0, x1) <= 1e-10);
}
TEST_CASE("random program 1 (vmap) computes what its Graph means") {
    auto x0 = check::filled(Tensor<double, 3, 3>{}, 2.00);
    auto x1 = check::filled(Tensor<double, 3, 1, 5>{}, 2.37);
    auto x2 = check::filled(Tensor<double, 3, 4, 5>{}, 2.74);
    CHECK(check::program_error(G1{}, x0, x1, x2) <= 1e-10);
}
TEST_CASE("random program 2 (grad) computes what its Graph means") {
    auto x0 = check::filled(Tensor<double, 1, 1>{}, 3.00);
    auto x1 = check::filled(Tensor<double, 4, 5>{}, 3.37);
    CHECK(check::program_error(G2{}, x0, x1) <= 1e-10);
}
TEST_CASE("random program 3 (plain) computes what its Graph means") {
    auto x0 = check::filled(Tensor<double, 17>{}, 4.00);
    auto x1 = check::filled(Tensor<double, 130>{}, 4.37);
    auto x2 = check::filled(Tensor<double, 3>{}, 4.74);
    CHECK(check::program_error(F3{}, x0, x1, x2) <= 1e-10);
}
TEST_CASE("random program 4 (jvp) computes what its Graph means") {
    auto x0 = check::filled(Tensor<double, 17>{}, 5.00);
    auto x1 = check::filled(Tensor<double, 17>{}, 5.37);
    auto tx0 = check::filled(Tensor<double, 17>{}, 5.74);
    auto tx1 = check::filled(Tensor<double, 17>{}, 6.11);
    CHECK(check::program_error(G4{}, x0, x1, tx0, tx1) <= 1e-10);
}
TEST_CASE("random program 5 (plain) computes what its Graph means") {
    const etta::index n = 8;
    auto x0 = check::filled(Tensor<double, etta::dyn, 4>(n), 6.00);
    auto x1 = check::filled(Tensor<double, 5, 3>{}, 6.37); auto x1_ = x1(etta::all, 1);
    (void)n;
    CHECK(check::program_error(F5{}, x0, x1_) <= 1e-10);
}
TEST_CASE("random program 6 (grad) computes what its Graph means") {
    auto x0 = check::filled(Tensor<double, 2, 3, 2, 5>{}, 7.00);
    auto x1 = check::filled(Tensor<double, 2, 1, 5>{}, 7.37);
    CHECK(check::program_error(G6{}, x0, x1) <= 1e-10);
}
TEST_CASE("random program 7 (grad) computes what its Graph means") {
    auto x0 = check::filled(Tensor<double, 6, 70>{}, 8.00);
    auto x1 = check::filled(Tensor<double, 5, 4>{}, 8.37);
    CHECK(check::program_error(G7{}, x0, x1) <= 1e-10);
}
TEST_CASE("random program 8 (grad) computes what its Graph means") {
    const double x0 = static_cast<double>(std::sin(9.00));
    const double x1 = static_cast<double>(std::sin(9.37));
    CHECK(check::program_error(G8{}, x0, x1) <= 1e-10);
}
TEST_CASE("random program 9 (grad) computes what its Graph means") {
    auto x0 = check::filled(Tensor<double, 1, 1>{}, 10.00);
    auto x1 = check::filled(Tensor<double, 33, 9>{}, 10.37);
    const double x2 = static_cast<double>(std::sin(10.74));
    CHECK(check::program_error(G9{}, x0, x1, x2) <= 1e-10);
}
TEST_CASE("random program 10 (grad) computes what its Graph means") {
    auto x0 = check::filled(Tensor<double, 130>{}, 11.00);
    CHECK(check::program_error(G10{}, x0) <= 1e-10);
}
TEST_CASE("random program 11 (vmap) computes what its Graph means") {
    auto x0 = check::filled(Tensor<double, 3, 1, 1>{}, 12.00);
    auto x1 = check::filled(Tensor<double, 3>{}, 12.37);
    auto x2 = check::filled(Tensor<double, 3>{}, 12.74);
    CHECK(check::program_error(G11{}, x0, x1, x2) <= 1e-10);
}
TEST_CASE("random program 12 (grad) computes what its Graph means") {
    const etta::index n = 2;
    auto x0 = check::filled(Tensor<double, 5, 3>{}, 13.00); auto x0_ = x0(etta::all, 1);
    auto x1 = check::filled(Tensor<double, etta::dyn, 5>(n), 13.37);
    (void)n;
    CHECK(check::program_error(G12{}, x0_, x1) <= 1e-10);
}
TEST_CASE("random program 13 (plain) computes what its Graph means") {
    const double x0 = static_cast<double>(std::sin(14.00));
    CHECK(check::program_error(F13{}, x0) <= 1e-10);
}
TEST_CASE("random program 14 (grad) computes what its Graph means") {
    auto x0 = check::filled(Tensor<double, 5, 1>{}, 15.00);
    const double x1 = static_cast<double>(std::sin(15.37));
    CHECK(check::program_error(G14{}, x0, x1) <= 1e-10);
}
TEST_CASE("random program 15 (plain) computes what its Graph means") {
    auto x0 = check::filled(Tensor<double, 5>{}, 16.00);
    auto x1 = check::filled(Tensor<double, 1>{}, 16.37);
    const double x2 = static_cast<double>(std::sin(16.74));
    CHECK(check::program_error(F15{}, x0, x1, x2) <= 1e-10);
}
TEST_CASE("random program 16 (jvp) computes what its Graph means") {
    const double x0 = static_cast<double>(std::sin(17.00));
    auto x1 = check::filled(Tensor<double, 1>{}, 17.37);
    auto x2 = check::filled(Tensor<double, 3>{}, 17.74);
    const double tx0 = static_cast<double>(std::sin(18.11));
    auto tx1 = check::filled(Tensor<double, 1>{}, 18.48);
    auto tx2 = check::filled(Tensor<double, 3>{}, 18.85);
    CHECK(check::program_error(G16{}, x0, x1, x2, tx0, tx1, tx2) <= 1e-10);
}
TEST_CASE("random program 17 (grad) computes what its Graph means") {
    auto x0 = check::filled(Tensor<double, 5>{}, 18.00);
    auto x1 = check::filled(Tensor<double, 2, 3, 2, 5>{}, 18.37);
    CHECK(check::program_error(G17{}, x0, x1) <= 1e-10);
}
TEST_CASE("random program 18 (grad) computes what its Graph means") {
    auto x0 = check::filled(Tensor<double, 9>{}, 19.00);
    CHECK(check::program_error(G18{}, x0) <= 1e-10);
}
TEST_CASE("random program 19 (hessian) computes what its Graph means") {
    const double x0 = static_cast<double>(std::sin(20.00));
    auto x1 = check::filled(Tensor<double, 3>{}, 20.37);
    CHECK(check::program_error(G19{}, x0, x1) <= 1e-10);
}
TEST_CASE("random program 20 (grad) computes what its Graph means") {
    const double x0 = static_cast<double>(std::sin(21.00));
    auto x1 = check::filled(Tensor<double, 1, 1>{}, 21.37);
    CHECK(check::program_error(G20{}, x0, x1) <= 1e-10);
}
TEST_CASE("random program 21 (plain) computes what its Graph means") {
    auto x0 = check::filled(Tensor<double, 6, 2, 70>{}, 22.00); auto x0_ = x0(etta::all, 1, etta::all);
    auto x1 = check::filled(Tensor<double, 3, 3>{}, 22.37); auto x1_ = x1(etta::all, 1);
    CHECK(check::program_error(F21{}, x0_, x1_) <= 1e-10);
}
TEST_CASE("random program 22 (plain) computes what its Graph means") {
    auto x0 = check::filled(Tensor<double, 9, 33>{}, 23.00);
    CHECK(check::program_error(F22{}, x0) <= 1e-10);
}
TEST_CASE("random program 23 (plain) computes what its Graph means") {
    auto x0 = check::filled(Tensor<double, 1>{}, 24.00);
    auto x1 = check::filled(Tensor<double, 1>{}, 24.37);
    CHECK(check::program_error(F23{}, x0, x1) <= 1e-10);
}
TEST_CASE("random program 24 (vmap_grad) computes what its Graph means") {
    auto x0 = check::filled(Tensor<double, 3, 2, 1, 5>{}, 25.00);
    CHECK(check::program_error(G24{}, x0) <= 1e-10);
}
TEST_CASE("random program 25 (grad) computes what its Graph means") {
    auto x0 = check::filled(Tensor<double, 1, 5>{}, 26.00);
    auto x1 = check::filled(Tensor<double, 4, 5>{}, 26.37);
    CHECK(check::program_error(G25{}, x0, x1) <= 1e-10);
}
TEST_CASE("random program 26 (plain) computes what its Graph means") {
    const double x0 = static_cast<double>(std::sin(27.00));
    auto x1 = check::filled(Tensor<double, 6, 70>{}, 27.37);
    CHECK(check::program_error(F26{}, x0, x1) <= 1e-10);
}
TEST_CASE("random program 27 (plain) computes what its Graph means") {
    auto x0 = check::filled(Tensor<double, 1>{}, 28.00);
    auto x1 = check::filled(Tensor<double, 130>{}, 28.37);
    auto x2 = check::filled(Tensor<double, 1>{}, 28.74);
    CHECK(check::program_error(F27{}, x0, x1, x2) <= 1e-10);
}
