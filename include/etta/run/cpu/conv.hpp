// conv.hpp: the kernels of op/convolve.hpp. What follows a convolution element by element - bias, activation, residual, their
// derivatives - is done where the last channels have been added, while the sums are at hand (conv_kernel). Sums of channels
// that are not the last lie where the first result of the convolution's type is stored (scheduler::keep_sums).
#pragma once

#include "conv_core.hpp"

namespace etta::_ {

// The two products, with or without something to finish.
template <class T, class Target>
void conv_product(const Conv2dForward<T>&, const conv_call<T>& k, const conv_finish<T>& finish, const context& ctx) {
    if constexpr (!Target::scalar) {
        using engine = conv_engine<T, Target>;
        if (k.kernel[0] * k.kernel[1] <= engine::max_k) {
            typename engine::taps t;
            forward_taps(k, t);
            bool done = true;
            for (index g = 0; g < k.groups && done; ++g)
                done = engine::multiply({{k.x.data + g * k.c * k.x.stride[1], k.x.stride[0], k.x.stride[1], k.x.stride[2], k.x.stride[3],
                                          {k.in[0], k.in[1]}, {-k.pad[0], -k.pad[1]}, {k.stride[0], k.stride[1]}},
                                         k.c, k.w.data + g * k.o * k.w.stride[0], k.w.stride[0], k.w.stride[1],
                                         k.y.data + g * k.o * k.y.stride[1], k.y.stride[0], k.y.stride[1], k.y.stride[2], k.y.stride[3],
                                         k.n, k.o, {k.out[0], k.out[1]}, g * k.o, finish}, t, ctx);
            if (done) return;
        }
    }
    conv_direct<conv_result::forward, T, Target>(k, finish, ctx);
}
// Input rows h with (h + pad) % stride = f see the taps p with p * dilation % stride = f, and nothing else: each phase
// is a convolution of y with stride 1. (There is something to finish where there is one phase.)
template <class T, class Target>
bool conv_phases(const conv_call<T>& k, const conv_finish<T>& finish, const context& ctx) {
    using engine = conv_engine<T, Target>;
    typename engine::taps t;
    for (index f = 0; f < k.stride[0]; ++f)
        for (index e = 0; e < k.stride[1]; ++e) {
            const index phase[2] = {f, e};
            index first[2], h[2], grid[2], reach[2];
            for (int d = 0; d < 2; ++d) {
                reach[d] = (k.kernel[d] - 1) * k.dilation[d] / k.stride[d];
                first[d] = k.pad[d] <= phase[d] ? 0 : (k.pad[d] - phase[d] + k.stride[d] - 1) / k.stride[d];
                h[d] = first[d] * k.stride[d] + phase[d] - k.pad[d];
                grid[d] = h[d] < k.in[d] ? (k.in[d] - h[d] + k.stride[d] - 1) / k.stride[d] : 0;
            }
            t.n = 0, t.reach[0] = t.reach[1] = 0;
            for (index p = 0; p < k.kernel[0]; ++p)
                for (index q = 0; q < k.kernel[1]; ++q) {
                    const index u = p * k.dilation[0], v = q * k.dilation[1];
                    if (u % k.stride[0] == f && v % k.stride[1] == e)
                        t.push(0, reach[0] - u / k.stride[0], reach[1] - v / k.stride[1], p * k.w.stride[2] + q * k.w.stride[3]);
                }
            for (index g = 0; g < k.groups; ++g)
                if (!engine::multiply({{k.y.data + g * k.o * k.y.stride[1], k.y.stride[0], k.y.stride[1], k.y.stride[2], k.y.stride[3],
                                        {k.out[0], k.out[1]}, {first[0] - reach[0], first[1] - reach[1]}, {1, 1}},
                                       k.o, k.w.data + g * k.o * k.w.stride[0], k.w.stride[1], k.w.stride[0],
                                       k.x.data + g * k.c * k.x.stride[1] + h[0] * k.x.stride[2] + h[1] * k.x.stride[3],
                                       k.x.stride[0], k.x.stride[1], k.stride[0] * k.x.stride[2], k.stride[1] * k.x.stride[3],
                                       k.n, k.c, {grid[0], grid[1]}, g * k.c, finish}, t, ctx))
                    return false;
        }
    return true;
}
template <class T, class Target>
void conv_product(const Conv2dGradInput<T>&, const conv_call<T>& k, const conv_finish<T>& finish, const context& ctx) {
    if constexpr (!Target::scalar) {
        if (k.kernel[0] * k.kernel[1] <= conv_engine<T, Target>::max_k && conv_phases<T, Target>(k, finish, ctx)) return;
    }
    conv_direct<conv_result::grad_input, T, Target>(k, finish, ctx);
}

// A convolution, or the gradient of one's input, and what follows it.
template <class Code, class Ops, class Target>
struct conv_kernel {
    using loop = loop_kernel<Code, Ops, Target>;
    using traits = typename loop::traits;
    using T = typename traits::element;
    using op = typename traits::template op<0>;
    static constexpr int lanes = traits::lanes, slots = traits::head.slots;
    static constexpr bool plain = traits::n == 3;  // it is stored, and that is all
    // Of the first store of the convolution's type: where sums lie while channels are missing.
    static constexpr int first_store() {
        for (int i = 1; i < traits::n; ++i)
            if (traits::at(i).kind == instruction::store && traits::at(i).type == traits::primary) return traits::at(i).op;
        return -1;
    }
    static constexpr int sums = first_store();
    static_assert(sums >= 0 && traits::primary == traits::head.type);

    loop_shape d;
    typename loop::cursor c;
    typename traits::file f;
    const context* ctx;

    static constexpr auto all = std::make_index_sequence<static_cast<std::size_t>(slots)>{};
    template <std::size_t... S>
    ETTA_INLINE void go_to(std::index_sequence<S...>, char** at, index sample, index channel) const {
        ((at[S] = c.row[S] + (sample * d.slots[static_cast<int>(S) * d.slot_words] + channel * d.slots[static_cast<int>(S) * d.slot_words + 1]) * loop::template slot_size<static_cast<int>(S)>()), ...);
    }
    template <bool Tail>
    ETTA_INLINE static void finish_one(typename loop::cursor& c, typename traits::file& f, const context& ctx, lane<T, lanes, Target> sum, index j, int count) {
        static_cast<typename traits::template slot<1>&>(f).value = sum;
        loop::template steps<level::full, 0, Tail>(typename loop::template part<level::full, 0>{}, f, c, j, count, ctx);
    }
    static void finish(void* kernel, const T* tile, int vectors, index sample, index channel, index n_rows, const conv_run* runs, int n_runs, bool first) {
        using V = lane<T, lanes, Target>;
        const conv_kernel& k = *static_cast<const conv_kernel*>(kernel);
        typename loop::cursor c = k.c;  // copies: what others can see could change with every store
        typename traits::file f = k.f;
        const context& ctx = *k.ctx;
        index down[slots + 1];
        for (int s = 0; s < slots; ++s) down[s] = static_cast<index>(k.d.slots[s * k.d.slot_words + 2]) * loop::facts.at[s].size;
        for (index r = 0; r < n_rows; ++r, tile += vectors * lanes) {
            char* line[slots + 1];
            k.go_to(all, line, sample, channel + r);
            for (int q = 0; q < n_runs; ++q) {
                const index j = runs[q].column;
                for (int s = 0; s < slots; ++s) c.here[s] = line[s] + runs[q].row * down[s];
                const T* const x = tile + runs[q].at;
                const T* const y = reinterpret_cast<const T*>(c.here[sums]) + j;
                int e = 0;
                for (; e + lanes <= runs[q].count; e += lanes) finish_one<false>(c, f, ctx, first ? V::load(x + e) : V::load(x + e) + V::load(y + e), j + e, lanes);
                if constexpr (loop::has_rest)
                    if (const int count = runs[q].count - e; count > 0) finish_one<true>(c, f, ctx, first ? V::load(x + e) : V::load(x + e) + V::load(y + e, count), j + e, count);
            }
        }
    }

    static void run(const std::int64_t* words, const context& ctx) {
        conv_kernel k;
        k.ctx = &ctx;
        k.d.slots = k.d.template read<Target>(words, ctx);
        open_slots<Target>(k.d, ctx, 0, slots, loop::facts.at, k.c.row, k.c.literal, k.c.extent_code);
        for (int s = 0; s < slots; ++s) k.c.lane_stride[s] = k.c.extent_code[s];
        loop::template steps<level::once, 0, false>(typename loop::template part<level::once, 0>{}, k.f, k.c, 0, lanes, ctx);
        library_reader<T, Target> r{k.d.slots + slots * k.d.slot_words, ctx};
        conv_call<T> call;
        typed_operand<T> to;
        to.rank = 4, to.data = reinterpret_cast<T*>(k.c.row[sums]);
        for (int i = 0; i < 3; ++i) to.extent[i] = k.d.row_extents[i], to.stride[i] = static_cast<index>(k.d.slots[sums * k.d.slot_words + i]);
        to.extent[3] = k.d.lane_extent, to.stride[3] = 1;
        if constexpr (std::is_same_v<op, Conv2dForward<T>>) call.x = r.operand(), call.w = r.operand(), call.y = to;
        else call.y = r.operand(), call.w = r.operand(), call.x = to;
        call.read(r);
        conv_product<T, Target>(op{}, call, plain ? conv_finish<T>{} : conv_finish<T>{&k, &finish}, ctx);
    }
};
template <class Code, class Ops, class Target>
struct kernel_of_kind<kernel_kind::conv, Code, Ops, Target> {
    static constexpr kernel_function run = &conv_kernel<Code, Ops, Target>::run;
};

// The gradient of the input where strides put its columns apart: nothing joins it.
template <class T, class Target>
struct library_kernel<Conv2dGradInput<T>, Target> {
    static void run(const std::int64_t* words, const context& ctx) {
        library_reader<T, Target> r{words, ctx};
        conv_call<T> k;
        k.y = r.operand(), k.w = r.operand(), k.x = r.operand();
        k.read(r);
        conv_product<T, Target>(Conv2dGradInput<T>{}, k, {}, ctx);
    }
};

template <class T, class Target>
struct library_kernel<Conv2dGradWeight<T>, Target> {
    static void run(const std::int64_t* words, const context& ctx) {
        library_reader<T, Target> r{words, ctx};
        conv_call<T> k;
        k.x = r.operand(), k.y = r.operand(), k.w = r.operand();
        k.read(r);
        if constexpr (!Target::scalar) {
            using engine = conv_engine<T, Target>;
            if (k.kernel[0] * k.kernel[1] <= engine::max_k) {
                typename engine::taps t;
                forward_taps(k, t);
                if (engine::grad_weight(k, t, ctx)) return;
            }
        }
        conv_direct_weight<T>(k, ctx);
    }
};

}  // namespace etta::_
