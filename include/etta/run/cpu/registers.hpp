// registers.hpp: the register file of a fused kernel. Each instruction defines one register whose type follows from its
// dtype; the whole file is one struct of lanes with constant indices, which the optimiser dissolves.
#pragma once

#include "../../math/math.hpp"
#include "../../simd/lane.hpp"
#include "../../compile/abi.hpp"

namespace etta {

// Conversions that involve truth values, found by ADL from Cast's eval.
template <class To, class T, int N, class Target>
ETTA_INLINE auto convert(mask<T, N, Target> m) {
    if constexpr (std::is_same_v<To, bool>) return m;
    else return select(mask_cast<To>(m), lane<To, N, Target>(To(1)), lane<To, N, Target>(To(0)));
}
template <class To, class T, int N, class Target>
    requires std::is_same_v<To, bool>
ETTA_INLINE auto convert(lane<T, N, Target> x) {
    return x != lane<T, N, Target>(T(0));
}

namespace _ {

template <class T>
inline constexpr bool is_mask = false;
template <class T, int N, class Target>
inline constexpr bool is_mask<mask<T, N, Target>> = true;

template <class>
struct element_of;
template <class T, int N, class Target>
struct element_of<lane<T, N, Target>> { using type = T; };
template <class T, int N, class Target>
struct element_of<mask<T, N, Target>> { using type = T; };

// The first n of N lanes.
template <class T, int N, class Target>
ETTA_INLINE mask<T, N, Target> first_lanes(int n) {
    if constexpr (N == 1) {
        return lane<T, N, Target>(T(0)) < lane<T, N, Target>(static_cast<T>(n));
    } else {
        alignas(64) static constexpr auto counting = [] {
            struct { T at[N]; } a{};
            for (int i = 0; i < N; ++i) a.at[i] = static_cast<T>(i);
            return a;
        }();
        return lane<T, N, Target>::load(counting.at) < lane<T, N, Target>(static_cast<T>(n));
    }
}

// x's first n elements, then other's.
template <class T, int N, class Target>
ETTA_INLINE lane<T, N, Target> first_elements(lane<T, N, Target> x, int n, lane<T, N, Target> other) {
    using L = lane<T, N, Target>;
    if constexpr (!L::halved && requires { ops<T, N, Target>::first_elements(x.v, n, other.v); })
        return L::of(ops<T, N, Target>::first_elements(x.v, n, other.v));
    else return select(first_lanes<T, N, Target>(n), x, other);
}

template <int I, class T>
struct register_of {
    T value{};
};

// Does the op ask for the type of its result? (A concept of its own: nvcc finds no eval_to in a requires-expression within evaluate().)
template <class Op, class To, class R>
concept converts = requires(R x) { Op::template eval_to<To>(x); };

// Everything about a kernel that its bytecode says.
template <class Code, class Ops, class Target>
struct kernel_traits;
template <std::uint64_t... W, class... Op, class Target>
struct kernel_traits<code<W...>, op_list<Op...>, Target> {
    static constexpr std::uint64_t words[sizeof...(W)] = {W...};
    static constexpr int n = sizeof...(W);
    static constexpr header head = header::decode(words[0]);
    static constexpr instr at(int i) { return instr::decode(words[i]); }

    // Lanes per step: a register of the widest type that occurs.
    static constexpr dtype widest() {
        dtype t = width_of(head.type) > 0 ? head.type : dtype::u8;
        for (int i = 1; i < n; ++i)
            if (width_of(at(i).type) > width_of(t)) t = at(i).type;
        return t;
    }
    static constexpr dtype primary = widest();
    using element = type_of<primary>;
    static constexpr int lanes = native_lanes<element, Target>;

    template <dtype D>
    static constexpr auto make_register() {
        if constexpr (D == dtype::boolean) return mask<element, lanes, Target>{};
        else return lane<type_of<D>, lanes, Target>{};
    }
    template <int I>
    using register_type = decltype(make_register<at(I).type>());

    template <class Indices>
    struct file_of;
    template <std::size_t... I>
    struct file_of<std::index_sequence<I...>> : register_of<static_cast<int>(I) + 1, register_type<static_cast<int>(I) + 1>>... {};
    using file = file_of<std::make_index_sequence<static_cast<std::size_t>(n - 1)>>;

    // Register I of a file: static_cast<slot<I>&>(file).value. No function for it: there would be one per instruction.
    template <int I>
    using slot = register_of<I, register_type<I>>;

    template <int I, class First, class... Rest>
    static constexpr auto nth() {
        if constexpr (I == 0) return First{};
        else return nth<I - 1, Rest...>();
    }
    template <int I>
    using op = decltype(nth<I, Op...>());

    // The instructions of one level and stage, as a list.
    struct list {
        int count = 0;
        int at[n] = {};
    };
    static constexpr list select_instructions(level l, int stage) {
        list r;
        for (int i = 1; i < n; ++i)
            if (at(i).kind != instruction::header && at(i).level == l && (l == level::once || at(i).stage == stage)) r.at[r.count++] = i;
        return r;
    }
    template <level L, int Stage>
    static constexpr list instructions = select_instructions(L, Stage);
    static constexpr list select_reductions(int stage) {
        list r;
        for (int i = 1; i < n; ++i)
            if (at(i).kind == instruction::reduce && at(i).level == level::full && at(i).stage == stage) r.at[r.count++] = i;
        return r;
    }
    template <int Stage>
    static constexpr list reductions = select_reductions(Stage);
    template <level L, int Stage>
    static constexpr int count = instructions<L, Stage>.count;

    // Operand K of instruction I, a truth value as a mask over the type that the op works in.
    template <class As, class R>
    ETTA_INLINE static auto as_operand(R x) {
        if constexpr (is_mask<R>) return mask_cast<As>(x);
        else return x;
    }
    template <int I, int Operands>
    static constexpr dtype working_type() {
        for (int k = 0; k < Operands; ++k)
            if (at(at(I).src[k]).type != dtype::boolean) return at(at(I).src[k]).type;
        return primary;
    }
    template <class O>
    static constexpr int operand_count() {
        if constexpr (requires { O::operands; }) return O::operands;
        else return 1;
    }
    template <class R>
    ETTA_INLINE static auto as_result(R x) {
        if constexpr (is_mask<R>) return mask_cast<element>(x);
        else return x;
    }
    template <int I>
    ETTA_INLINE static void evaluate(file& f) {
        constexpr instr in = at(I);
        using O = op<in.op>;
        constexpr int operands = operand_count<O>();
        using U = type_of<working_type<I, operands>()>;
        if constexpr (converts<O, type_of<in.type>, register_type<in.src[0]>>)
            static_cast<slot<I>&>(f).value = as_result(O::template eval_to<type_of<in.type>>(static_cast<slot<in.src[0]>&>(f).value));
        else if constexpr (operands == 1) static_cast<slot<I>&>(f).value = as_result(O::eval(as_operand<U>(static_cast<slot<in.src[0]>&>(f).value)));
        else if constexpr (operands == 2)
            static_cast<slot<I>&>(f).value = as_result(O::eval(as_operand<U>(static_cast<slot<in.src[0]>&>(f).value), as_operand<U>(static_cast<slot<in.src[1]>&>(f).value)));
        else
            static_cast<slot<I>&>(f).value = as_result(O::eval(as_operand<U>(static_cast<slot<in.src[0]>&>(f).value), as_operand<U>(static_cast<slot<in.src[1]>&>(f).value), as_operand<U>(static_cast<slot<in.src[2]>&>(f).value)));
    }

    // One element vector at p (element stride s along the lane axis), `count` of its lanes if Tail.
    template <dtype D, lane_class C, bool Tail>
    ETTA_INLINE static auto load(const char* p, index s, int count) {
        if constexpr (D == dtype::boolean) {
            using B = lane<std::uint8_t, lanes, Target>;
            const std::uint8_t* const q = reinterpret_cast<const std::uint8_t*>(p);
            B x;
            if constexpr (C == lane_class::uniform) x = B(*q);
            else if constexpr (C == lane_class::contiguous) x = Tail ? B::load(q, count) : B::load(q);
            else x = Tail ? B::load_strided(q, s, count) : B::load_strided(q, s);
            return mask_cast<element>(x != B(std::uint8_t(0)));
        } else {
            using V = lane<type_of<D>, lanes, Target>;
            const type_of<D>* const q = reinterpret_cast<const type_of<D>*>(p);
            if constexpr (C == lane_class::uniform) return V(*q);
            else if constexpr (C == lane_class::contiguous) {
                if constexpr (Tail) return V::load(q, count);
                else return V::load(q);
            } else {
                if constexpr (Tail) return V::load_strided(q, s, count);
                else return V::load_strided(q, s);
            }
        }
    }
    template <dtype D, lane_class C, bool Tail, class R>
    ETTA_INLINE static void store(char* p, index s, R x, int count) {
        if constexpr (D == dtype::boolean) {
            using B = lane<std::uint8_t, lanes, Target>;
            const B y = select(mask_cast<std::uint8_t>(x), B(std::uint8_t(1)), B(std::uint8_t(0)));
            store<dtype::u8, C, Tail>(p, s, y, count);
        } else {
            type_of<D>* const q = reinterpret_cast<type_of<D>*>(p);
            if constexpr (C == lane_class::uniform) *q = x[0];
            else if constexpr (C == lane_class::contiguous) {
                if constexpr (Tail) x.store(q, count);
                else x.store(q);
            } else {
                if constexpr (Tail) x.store_strided(q, s, count);
                else x.store_strided(q, s);
            }
        }
    }
};

}  // namespace _
}  // namespace etta
