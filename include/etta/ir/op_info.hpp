// op_info.hpp: what the passes know of an op. An op is a struct (op/…); info_of<Op> turns it into one constexpr object
// of plain facts and function pointers, and nodes point at it. The struct's *type* is recovered from the node's id when
// a kernel is generated (friend injection), so no pass and no back end ever lists the ops.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

#include "../core/dtype.hpp"

namespace etta::_ {

struct builder;
struct graph_view;
struct node;

enum class op_kind : std::uint8_t {
    input,        // a buffer handed in: argument, parameter, state
    literal,      // a scalar constant; kernels read it as data, so that kernels differing in constants are one
    elementwise,  // same extents in and out; eval() works on lanes
    generator,    // a function of the logical index alone (iota)
    view,         // moves no data: a stride rule
    reduce,       // a monoid over a set of axes; extents become 1
    contraction,  // matmul: kernels with an element-wise epilogue
    library,      // a kernel written out for this op: convolution, gather, sort, factorisations
    loop,         // where values enter and leave a loop's body; lowered to a library call (compile/lower.hpp)
};

// How the result's dtype follows from the (promoted) operands'.
enum class result_type : std::uint8_t { same, floating, boolean, index };

// The attributes and operands of one node, as rules see them.
struct rule_call {
    builder* g = nullptr;
    int node = -1;
    const int* cotangents = nullptr;  // vjp: one value per result, -1 where none (null in a jvp)
    const int* tangents = nullptr;    // jvp: one value per operand, -1 where none
    int* out = nullptr;               // vjp: one per operand; jvp: one per result; -1: none
};

// How a view reads its operand: element (i0, i1, …) of a value lies at offset + Σ i_d * strides[d] of its buffer.
struct access {
    index offset = 0;
    index strides[8] = {};
};
// A view's rule: turns its operand's access (with these extents) into its own. False: no strides say it.
struct view_call {
    const std::int64_t* attrs = nullptr;
    int in_rank = 0, out_rank = 0;
    const index* in = nullptr;
    const index* out = nullptr;
};

constexpr bool same_text(const char* a, const char* b) {  // also in constants, where comparing addresses is not always allowed
    while (*a != 0 && *a == *b) ++a, ++b;
    return *a == *b;
}
// An op's name. Not a std::string_view: there are many ops, and a constant expression would count each name's characters.
struct name_of_op {
    const char* text = "";
    constexpr operator std::string_view() const { return text; }
    friend constexpr bool operator==(name_of_op a, const char* b) { return same_text(a.text, b); }
    friend constexpr bool operator==(name_of_op a, name_of_op b) { return same_text(a.text, b.text); }
    friend constexpr bool operator==(name_of_op a, std::string_view b) { return b == a.text; }
};

struct op_info {
    name_of_op name;
    std::uint64_t id = 0;
    op_kind kind = op_kind::elementwise;
    result_type result = result_type::same;
    int flops = 1;             // per element of the result (reduce: of the operand)
    int operands = 1;          // element-wise: how many
    bool differentiable = true;
    bool cheap = true;         // recomputing it costs less than storing and loading it
    bool stored = true;        // a loop's reverse reads what is dear from where the loop has stored it; false: makes it again
    bool effect = false;       // runs though nothing reads its result
    void (*vjp)(const rule_call&) = nullptr;
    void (*jvp)(const rule_call&) = nullptr;
    void (*partials)(builder&, const int* operands, int result, int cotangent, int* products) = nullptr;  // element-wise: instead of both
    int (*simplify)(builder&, const int* operands) = nullptr;  // an equal value that exists already, or -1
    bool (*view)(const view_call&, access&) = nullptr;
    void (*batch)(builder&, int node, const int* operands, const bool* batched, int* results) = nullptr;
    index (*work)(const graph_view&, const node&, const index* symbols) = nullptr;  // library: operations, where flops per element do not say it
    bool (*epilogue)(const std::int64_t* attrs) = nullptr;  // library: does its kernel do the element-wise ops that follow it?
    const char* onnx = "";
    // Which of the functions there are: g++'s sanitizers refuse to compare their addresses in a constant.
    bool has_vjp = false, has_jvp = false, has_partials = false, has_simplify = false, has_batch = false, has_work = false, has_epilogue = false;
};

template <class T>
constexpr std::string_view printed_name() {
    return {__PRETTY_FUNCTION__, sizeof __PRETTY_FUNCTION__ - 1};
}

// FNV-1a over a type's printed name, from where the names of two types begin to differ: constant evaluation pays for every
// character. It lives in constexpr graphs only: nvcc's front end and its host compiler print types differently, so no
// kernel's name may depend on it.
template <class T>
constexpr const char* name_text() {
    return __PRETTY_FUNCTION__;
}
inline constexpr int name_begin = static_cast<int>(__builtin_strlen(name_text<void>())) - 5;  // "void]"
constexpr std::uint64_t text_hash(const char* c) {
    std::uint64_t h = 14695981039346656037ull;
    for (; *c != 0; ++c) h = (h ^ static_cast<unsigned char>(*c)) * 1099511628211ull;
    return h;
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-template-friend"
#endif
#if defined(__CUDACC__)
#pragma nv_diagnostic push
#pragma nv_diag_suppress 1301  // the same, as nvcc says it
#endif
template <std::uint64_t Id>
struct op_id {
    friend constexpr auto op_of(op_id<Id>);
};
#if defined(__CUDACC__)
#pragma nv_diagnostic pop
#endif
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
template <class Op>
struct declare_op {
    static constexpr std::uint64_t id = text_hash(name_text<Op>() + name_begin);
    friend constexpr auto op_of(op_id<id>) { return Op{}; }
};

// The op type behind an id that some trace in this translation unit has used.
template <std::uint64_t Id>
using op_from_id = decltype(op_of(op_id<Id>{}));

template <class Op>
constexpr op_info make_info() {
    op_info i;
    if constexpr (requires { Op::name.data(); }) i.name = {Op::name.data()};
    else i.name = {Op::name};
    i.id = declare_op<Op>::id;
    i.kind = Op::kind;
    if constexpr (requires { Op::result; }) i.result = Op::result;
    if constexpr (requires { Op::flops; }) i.flops = Op::flops;
    if constexpr (requires { Op::operands; }) i.operands = Op::operands;
    if constexpr (requires { Op::differentiable; }) i.differentiable = Op::differentiable;
    if constexpr (requires { Op::cheap; }) i.cheap = Op::cheap;
    if constexpr (requires { Op::stored; }) i.stored = Op::stored;
    if constexpr (requires { Op::effect; }) i.effect = Op::effect;
    if constexpr (requires { Op::onnx; }) i.onnx = Op::onnx;
    if constexpr (requires { &Op::vjp_rule; }) {
        i.vjp = &Op::vjp_rule, i.has_vjp = true;
        if constexpr (requires { &Op::jvp_rule; }) i.jvp = &Op::jvp_rule, i.has_jvp = true;
    } else if constexpr (requires { &Op::partials; }) {
        if constexpr (Op::differentiable) i.partials = &Op::partials, i.has_partials = i.has_vjp = i.has_jvp = true;
    }
    if constexpr (requires { &Op::simplify; }) i.simplify = &Op::simplify, i.has_simplify = true;
    if constexpr (requires { &Op::view_rule; }) i.view = &Op::view_rule;
    if constexpr (requires { &Op::batch_rule; }) i.batch = &Op::batch_rule, i.has_batch = true;
    if constexpr (requires { &Op::work; }) i.work = &Op::work, i.has_work = true;
    if constexpr (requires { &Op::epilogue; }) i.epilogue = &Op::epilogue, i.has_epilogue = true;
    return i;
}

template <class Op>
struct info_of {
    static constexpr op_info value = make_info<Op>();
};

}  // namespace etta::_
