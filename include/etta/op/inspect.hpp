// inspect.hpp: a look at a traced value when the program runs.
#pragma once

#include <cstdio>

#include "../core/print.hpp"
#include "library.hpp"

namespace etta {
namespace _ {

// Attributes: dtype, the label's length, its characters, eight to a word.
struct Inspect {
    static constexpr const char* name = "inspect";
    static constexpr op_kind kind = op_kind::library;
    static constexpr bool differentiable = false, effect = true;
    static constexpr int flops = 0, longest = 128;

    static constexpr int add(builder& g, int x, const std::int64_t* label, int words) {
        return add_library(g, &info_of<Inspect>::value, &x, 1, label, words, dtype::u8, shape{});
    }
    static constexpr int add(builder& g, int x, std::string_view label) {
        const std::size_t n = label.size() < longest ? label.size() : longest;
        std::int64_t words[2 + longest / 8] = {static_cast<std::int64_t>(g.type_of(x)), static_cast<std::int64_t>(n)};
        for (std::size_t i = 0; i < n; ++i) words[2 + i / 8] |= static_cast<std::int64_t>(static_cast<unsigned char>(label[i])) << (i % 8 * 8);
        return add(g, x, words, 2 + static_cast<int>((n + 7) / 8));
    }
    static constexpr void batch_rule(builder& g, int id, const int* operands, const bool*, int* results) {
        const node n = g.nodes[id];
        std::int64_t words[2 + longest / 8] = {};
        for (int i = 0; i < n.n_attrs; ++i) words[i] = g.attr(n, i);
        results[0] = add(g, operands[0], words, n.n_attrs);
    }

    template <class T>
    static std::string text_of(const strided_operand& x) {
        return std::string(name_of(dtype_of<T>)) + " " + printed_tensor<T>{reinterpret_cast<const T*>(x.data), x.rank, x.extent, x.stride}.text();
    }
    template <class Target>
    static std::string text(const strided_operand& x, dtype t) {
        switch (t) {
            case dtype::f32: return text_of<float>(x);
            case dtype::f64: return text_of<double>(x);
            case dtype::i8: return text_of<std::int8_t>(x);
            case dtype::i16: return text_of<std::int16_t>(x);
            case dtype::i32: return text_of<std::int32_t>(x);
            case dtype::i64: return text_of<std::int64_t>(x);
            case dtype::u8: return text_of<std::uint8_t>(x);
            default: return text_of<bool>(x);
        }
    }
    template <class Target, class Context>
    static void run(const std::int64_t* w, const Context& ctx) {
        if (ctx.thread != 0) return;
        const strided_operand x = strided_operand::read<Target>(w, ctx);
        strided_operand::read<Target>(w, ctx);
        std::string label;
        for (std::int64_t i = 0; i < w[1]; ++i) label += static_cast<char>(w[2 + i / 8] >> (i % 8 * 8) & 0xff);
        std::printf("%s: %s\n", label.c_str(), text<Target>(x, static_cast<dtype>(w[0])).c_str());
    }
};

}  // namespace _

// Prints a traced value, under a label of up to 128 characters, each time the program runs, and gives it back: as a
// statement, inspect(x, "after conv1"), or inside an expression. Under vmap it prints the whole batch. Not for firmware.
constexpr const var& inspect(const var& x, std::string_view label = "value") {
    _::Inspect::add(*x.g, x.id, label);
    return x;
}

}  // namespace etta
