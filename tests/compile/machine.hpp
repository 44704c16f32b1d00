// machine.hpp: runs a plan's bytecode and words one element at a time, at run time, without kernels: with it graphs that are
// made at run time can be fused, scheduled, planned and run, thousands a second. It keeps one double per element's address and
// reports what no kernel would: a register or an element read before it was written, and addresses outside buffers.
#pragma once

#include "interpreter.hpp"

#include <etta/compile/emit.hpp>

#include <iterator>
#include <map>

namespace check {

struct buffer {
    struct element {
        int size;
        double value;
    };
    std::map<long, element> at;  // by byte offset
    void write(long p, int size, double x) {
        for (auto i = at.lower_bound(p - 7); i != at.end() && i->first < p + size;) i = i->first + i->second.size > p ? at.erase(i) : std::next(i);
        at[p] = {size, x};
    }
    double read(long p) const {
        const auto i = at.find(p);
        if (i == at.end()) throw std::runtime_error("machine: reads byte " + std::to_string(p) + ", where nothing was written");
        return i->second.value;
    }
};

class machine {
public:
    std::vector<buffer> buffers;
    std::vector<etta::index> symbols;

    // codes, names of its ops, words and places of one call.
    void run(const std::vector<std::uint64_t>& code, const std::vector<std::string>& op_names, const std::int64_t* w, const std::int64_t* p) {
        head = etta::_::header::decode(code[0]);
        program.clear();
        for (const std::uint64_t c : code) program.push_back(etta::_::instr::decode(c));
        names = &op_names, places = p;
        registers.assign(code.size(), 0);
        known.assign(code.size(), 0);
        if (head.kind == etta::_::kernel_kind::library) return library(w);
        const int n_rows = static_cast<int>(w[0]), n_cols = static_cast<int>(w[1]);
        const std::int64_t* next = w + 2;
        std::vector<long> rows, cols;
        for (int i = 0; i < n_rows; ++i) rows.push_back(value(*next++));
        for (int i = 0; i < n_cols; ++i) cols.push_back(value(*next++));
        const long lane = value(*next++);
        slot_words = n_rows + n_cols + 1;
        if (head.kind == etta::_::kernel_kind::gemm) return gemm(rows, lane, next);
        if (head.kind == etta::_::kernel_kind::conv) return convolution(rows, lane, next);
        strides = next, first_place = 0;
        level(etta::_::level::once, 0, 0, {}, -1);
        std::vector<long> at(static_cast<std::size_t>(n_rows + n_cols));
        const long n = product(rows), lanes = head.lane_reduced ? 1 : lane;
        for (long r = 0; r < n; ++r) {
            unpack(r, rows, at, 0);
            for (long j = 0; j < lanes; ++j) {
                forget(etta::_::level::row, -1);
                for (int s = 0; s <= head.stages; ++s) {
                    level(etta::_::level::row, s, head.lane_reduced ? 0 : j, at, n_rows);
                    pass(s, cols, head.lane_reduced ? lane : 1, j, at, n_rows);
                }
            }
        }
    }

private:
    etta::_::header head;
    std::vector<etta::_::instr> program;
    const std::vector<std::string>* names = nullptr;
    const std::int64_t *places = nullptr, *strides = nullptr;
    int slot_words = 0, first_place = 0;
    std::vector<double> registers;
    std::vector<char> known;

    long value(std::int64_t code) const {
        etta::extent e;
        e.code = code;
        return e.at(symbols.data());
    }
    static long product(const std::vector<long>& e) {
        long n = 1;
        for (const long x : e) n *= x;
        return n;
    }
    static void unpack(long i, const std::vector<long>& e, std::vector<long>& at, std::size_t from) {
        for (std::size_t d = e.size(); d-- > 0; i /= e[d]) at[from + d] = i % e[d];
    }
    void forget(etta::_::level l, int stage) {
        for (std::size_t i = 1; i < program.size(); ++i)
            if (program[i].kind != etta::_::instruction::header && (program[i].level == l || (l == etta::_::level::row && program[i].level == etta::_::level::full)) && (stage < 0 || program[i].stage == stage))
                known[i] = 0;
    }
    double get(int r) const {
        if (r <= 0 || !known[static_cast<std::size_t>(r)]) throw std::runtime_error("machine: reads register " + std::to_string(r) + " before it is set");
        return registers[static_cast<std::size_t>(r)];
    }
    void set(std::size_t r, double x) { registers[r] = x, known[r] = 1; }

    // The byte a slot's element lies at. axes: how many of `at` count (rows, or rows and columns).
    long address(const etta::_::instr& in, int cls, long j, const std::vector<long>& at, int axes) const {
        const std::int64_t* const s = strides + in.op * slot_words;
        const bool position = in.kind == etta::_::instruction::position;
        const long size = position ? 1 : etta::size_of(in.type);
        long a = etta::_::offset_of(places[first_place + in.op]);
        for (int d = 0; d < axes; ++d) a += static_cast<long>(s[d]) * at[static_cast<std::size_t>(d)] * size;
        const long lane = static_cast<long>(s[slot_words - 1]);
        if (cls == 1 && !position) a += j * size;
        if (cls == 2 || (cls == 1 && position)) a += j * lane * size;
        return a;
    }
    void level(etta::_::level l, int stage, long j, const std::vector<long>& at, int axes) {
        for (std::size_t i = 1; i < program.size(); ++i) {
            const etta::_::instr& in = program[i];
            if (in.kind == etta::_::instruction::header || in.level != l || (l != etta::_::level::once && in.stage != stage)) continue;
            step(i, in, j, at, axes < 0 ? 0 : axes);
        }
    }
    void step(std::size_t i, const etta::_::instr& in, long j, const std::vector<long>& at, int axes) {
        using etta::_::instruction;
        const int b = etta::_::buffer_of(places[first_place + in.op * (in.kind != instruction::op && in.kind != instruction::reduce)]);
        switch (in.kind) {
            case instruction::header: break;
            case instruction::load: set(i, buffers[static_cast<std::size_t>(b)].read(address(in, in.src[0], j, at, axes))); break;
            case instruction::store: buffers[static_cast<std::size_t>(b)].write(address(in, in.src[1], j, at, axes), static_cast<int>(etta::size_of(in.type)), get(in.src[0])); break;
            case instruction::position: set(i, static_cast<double>(address(in, in.src[0], j, at, axes))); break;
            case instruction::literal: {
                const std::int64_t code = strides[in.op * slot_words + slot_words - 1], bits = places[first_place + in.op];
                set(i, code != 0                        ? static_cast<double>(value(code))
                       : in.type == etta::dtype::f32 ? static_cast<double>(__builtin_bit_cast(float, static_cast<std::uint32_t>(bits)))
                       : in.type == etta::dtype::f64 ? __builtin_bit_cast(double, bits)
                                                     : static_cast<double>(bits));
                break;
            }
            case instruction::op: {
                const std::string& name = (*names)[static_cast<std::size_t>(in.op)];
                double x[3] = {};
                for (int k = 0; k < 3; ++k)
                    if (k < operands(name)) x[k] = get(in.src[k]);
                set(i, interpreter::element(name, x, in.type));
                break;
            }
            case instruction::reduce: {
                const std::string& name = (*names)[static_cast<std::size_t>(in.op)];
                const double x = get(in.src[0]), y = registers[i];
                set(i, name == "sum" ? y + x : name == "prod" ? y * x : name == "max" ? std::fmax(y, x) : std::fmin(y, x));
                break;
            }
        }
    }
    static int operands(const std::string& name) {
        for (const char* one : {"negate", "logical_not", "copy", "stop_gradient", "cast", "relu", "sigmoid", "softplus", "sin", "cos", "tan", "tanh", "atan", "sinh", "cosh", "asinh", "abs",
                                "sign", "floor", "ceil", "round", "trunc", "square", "sqrt", "rsqrt", "reciprocal", "exp", "exp2", "expm1", "log", "log1p", "erf"})
            if (name == one) return 1;
        return name == "where" || name == "clamp" ? 3 : 2;
    }
    void pass(int s, const std::vector<long>& cols, long lane, long j, std::vector<long>& at, int n_rows) {
        bool any = false;
        for (std::size_t i = 1; i < program.size(); ++i) {
            const etta::_::instr& in = program[i];
            if (in.kind == etta::_::instruction::header || in.level != etta::_::level::full || in.stage != s) continue;
            any = true;
            if (in.kind != etta::_::instruction::reduce) continue;
            const std::string& name = (*names)[static_cast<std::size_t>(in.op)];
            registers[i] = name == "sum" ? 0 : name == "prod" ? 1 : name == "max" ? -HUGE_VAL : HUGE_VAL;
            known[i] = 0;
        }
        if (!any) return;
        const long n = product(cols);
        for (long k = 0; k < n; ++k) {
            unpack(k, cols, at, static_cast<std::size_t>(n_rows));
            for (long l = 0; l < lane; ++l) {
                for (std::size_t i = 1; i < program.size(); ++i)  // elements of this stage and of others start anew
                    if (program[i].level == etta::_::level::full && program[i].kind != etta::_::instruction::reduce) known[i] = 0;
                level(etta::_::level::full, s, head.lane_reduced ? l : j, at, n_rows + static_cast<int>(cols.size()));
            }
        }
    }

    void gemm(const std::vector<long>& rows, long columns, const std::int64_t* next) {
        const std::int64_t *const a = next, *const b = a + slot_words;
        strides = b + slot_words, first_place = 2;
        const std::int64_t* const inner = strides + head.slots * slot_words;
        const long depth = value(inner[0]), size = etta::size_of(head.type);
        const long a_k = head.a_k == etta::_::lane_class::contiguous ? 1 : static_cast<long>(inner[1]), b_k = head.b_k == etta::_::lane_class::contiguous ? 1 : static_cast<long>(inner[2]);
        const long b_n = head.b_n == etta::_::lane_class::contiguous ? 1 : static_cast<long>(b[slot_words - 1]);
        level(etta::_::level::once, 0, 0, {}, -1);
        std::vector<long> at(rows.size());
        for (long r = 0, n = product(rows); r < n; ++r) {
            unpack(r, rows, at, 0);
            long pa = etta::_::offset_of(places[0]), pb = etta::_::offset_of(places[1]);
            for (std::size_t d = 0; d < rows.size(); ++d) pa += static_cast<long>(a[d]) * at[d] * size, pb += d + 1 < rows.size() ? static_cast<long>(b[d]) * at[d] * size : 0;
            for (long j = 0; j < columns; ++j) {
                double sum = 0;
                for (long t = 0; t < value(inner[3]); ++t)  // terms
                    for (long k = 0; k < depth; ++k)
                        sum += buffers[static_cast<std::size_t>(etta::_::buffer_of(places[0]))].read(pa + (t * static_cast<long>(inner[4]) + k * a_k) * size) *
                               buffers[static_cast<std::size_t>(etta::_::buffer_of(places[1]))].read(pb + (t * static_cast<long>(inner[5]) + k * b_k + j * b_n) * size);
                forget(etta::_::level::row, -1);
                set(1, sum);
                level(etta::_::level::full, 0, j, at, static_cast<int>(rows.size()));
            }
        }
    }

    struct operand {
        long at;
        std::size_t in;
        std::vector<long> extents, strides;
    };
    operand read(const std::int64_t*& w) const {
        operand o;
        o.at = etta::_::offset_of(places[w[0]]), o.in = static_cast<std::size_t>(etta::_::buffer_of(places[w[0]]));
        const int rank = static_cast<int>(w[1]);
        w += 2;
        for (int i = 0; i < rank; ++i, w += 2) o.extents.push_back(value(w[0])), o.strides.push_back(static_cast<long>(w[1]));
        return o;
    }
    array elements_of(const operand& o, long size) const {
        array a(o.extents);
        for (long i = 0; i < a.count(); ++i) a[i] = buffers[o.in].read(place_of(o, a, i, size));
        return a;
    }
    static long place_of(const operand& o, const array& a, long i, long size) {
        const std::vector<long> p = a.place(i);
        long at = o.at;
        for (std::size_t d = 0; d < p.size(); ++d) at += p[d] * o.strides[d] * size;
        return at;
    }
    static void convolve(const std::string& name, const array& a, const array& b, const std::int64_t* window, array& y) {
        if (name == "conv2d") interpreter::convolve(a, b, y, window, [&](long i, long k, long j) { y[j] += a[i] * b[k]; });
        else if (name == "conv2d_grad_input") interpreter::convolve(y, b, a, window, [&](long i, long k, long j) { y[i] += a[j] * b[k]; });
        else interpreter::convolve(a, y, b, window, [&](long i, long k, long j) { y[k] += a[i] * b[j]; });
    }
    // Sums of some channels go where the first result of its type will be before anything else is read or written.
    void convolution(const std::vector<long>& rows, long columns, const std::int64_t* next) {
        strides = next, first_place = 0;
        next += head.slots * slot_words;
        const operand a = read(next), b = read(next);
        const long size = etta::size_of(head.type);
        array y({rows[0], rows[1], rows[2], columns});
        convolve((*names)[0], elements_of(a, size), elements_of(b, size), next, y);
        std::size_t sums = 1;
        while (program[sums].kind != etta::_::instruction::store || program[sums].type != head.type) ++sums;
        for (long i = 0; i < y.count(); ++i) {
            const std::vector<long> p = y.place(i);
            buffers[static_cast<std::size_t>(etta::_::buffer_of(places[program[sums].op]))].write(address(program[sums], program[sums].src[1], p[3], p, 3), static_cast<int>(size), 0.5 * y[i] + 1);
        }
        level(etta::_::level::once, 0, 0, {}, -1);
        for (long i = 0; i < y.count(); ++i) {
            const std::vector<long> p = y.place(i);
            forget(etta::_::level::row, -1);
            set(1, y[i]);
            level(etta::_::level::full, 0, p[3], p, 3);
        }
    }
    // Parts, then the result: entries with numbers that go up; then the attributes.
    void join(const std::int64_t* w) {
        std::vector<operand> all;
        while (w[0] == static_cast<std::int64_t>(all.size()) && (all.empty() || w[1] == static_cast<std::int64_t>(all[0].extents.size()))) all.push_back(read(w));
        const operand y = all.back();
        all.pop_back();
        array out(y.extents);
        const std::size_t rank = y.extents.size();
        const long size = static_cast<long>(w[(2 * all.size() + 1) * rank]);
        const auto where = [size](const operand& o, const array& a, long i) {
            const std::vector<long> p = a.place(i);
            long at = o.at;
            for (std::size_t d = 0; d < p.size(); ++d) at += p[d] * o.strides[d] * size;
            return at;
        };
        for (std::size_t k = 0; k < all.size(); ++k) {
            array in(all[k].extents);
            for (long i = 0; i < in.count(); ++i) in[i] = buffers[all[k].in].read(where(all[k], in, i));
            interpreter::place(in, w + 2 * rank * k, out);
        }
        for (long i = 0; i < out.count(); ++i) buffers[y.in].write(where(y, out, i), static_cast<int>(size), out[i]);
    }
    void library(const std::int64_t* w) {
        const std::string& name = (*names)[0];
        if (name == "join") return join(w);
        if (name.starts_with("conv2d")) {
            const operand a = read(w), b = read(w), to = read(w);
            const long size = 8;  // (these Graphs are of doubles)
            array y(to.extents);
            convolve(name, elements_of(a, size), elements_of(b, size), w, y);
            for (long i = 0; i < y.count(); ++i) buffers[to.in].write(place_of(to, y, i, size), static_cast<int>(size), y[i]);
            return;
        }
        const operand x = read(w), y = read(w);
        array in(x.extents), out(y.extents);
        const long size = name == "place" ? static_cast<long>(w[3 * static_cast<int>(y.extents.size())]) : static_cast<long>(w[2]);
        const auto where = [size](const operand& o, const array& a, long i) {
            const std::vector<long> p = a.place(i);
            long at = o.at;
            for (std::size_t d = 0; d < p.size(); ++d) at += p[d] * o.strides[d] * size;
            return at;
        };
        for (long i = 0; i < in.count(); ++i) in[i] = buffers[x.in].read(where(x, in, i));
        if (name == "place") interpreter::place(in, w, out);
        else if (name == "cumsum") interpreter::scan(in, static_cast<std::size_t>(w[0]), w[1] != 0, out);
        else throw std::runtime_error("machine: unknown library op " + name);
        for (long i = 0; i < out.count(); ++i) buffers[y.in].write(where(y, out, i), static_cast<int>(size), out[i]);
    }
};

}  // namespace check
