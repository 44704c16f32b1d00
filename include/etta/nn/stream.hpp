// stream.hpp: a network that is fed a signal piece by piece, in real time: recurrent layers go on where the piece before
// ended. No allocation, no lock, no thread: for an audio callback, and for firmware.
#pragma once

#include <cstddef>
#include <span>

#include "../core/error.hpp"
#include "../run/cpu/conv.hpp"
#include "../run/cpu/fixed.hpp"
#include "../run/cpu/place.hpp"
#include "../run/cpu/pool.hpp"
#include "../run/cpu/repeat.hpp"
#include "check.hpp"
#include "embedding.hpp"
#include "ids.hpp"
#include "traced.hpp"

namespace etta {
namespace _ {

// Arguments: input 0, output 1, then for every remembered value what it was (even) and what it is next (odd).
template <class Net, class In, int Length>
struct stream_source {
    using facts = model_facts<Net, In, 0>;
    static constexpr builder trace(late) {
        builder g;
        Net net{};
        const auto x = traced_model<Net, In, 0>::prepare(g, net);
        g.streaming = true, g.stream_length = Length;
        traced_model<Net, In, 0>::call(g, net, x);
        for (const int m : g.next_memory)
            if (m >= 0) g.outputs.push(m);
        return g;
    }
    static constexpr builder make(late later) {
        builder g = trace(later);
        finish(g);
        return g;
    }
    static constexpr failure find_error(late later) { return trace(later).first_mistake(); }
    static constexpr failure error = trace({}).first_mistake();
    static constexpr int n_memories = trace({}).memory.size;
    struct memory_layout {
        place outputs[n_memories + 1];
        int transposed[n_memories + 1];
        index at[n_memories + 1], rows[n_memories + 1], columns[n_memories + 1], bytes, fixed_bytes, output_elements;
        index position, step, length;  // where the position lies, how many a piece has, how many there can be (0: any number)
    };
    static constexpr memory_layout lay_out(late later) {
        const builder g = trace(later);
        memory_layout m{};
        if (g.first_mistake().what != mistake::none) return m;
        m.outputs[0] = {first_argument_buffer + 1, 0};
        m.output_elements = g.extents_of(g.outputs[0]).count(nullptr);
        for (int i = 0, output = 1; i < n_memories; ++i) {
            m.transposed[i] = g.transposed[i];
            const shape& s = g.extents_of(g.memory[i]);
            if (m.transposed[i] >= 0) m.rows[i] = static_cast<index>(s[0].code), m.columns[i] = static_cast<index>(s[1].code);
            else m.outputs[output++] = {first_argument_buffer + 3 + 2 * i, 0};
            index& end = m.transposed[i] >= 0 ? m.fixed_bytes : m.bytes;
            m.at[i] = end;
            end += align_up(g.extents_of(g.memory[i]).count(nullptr) * size_of(g.type_of(g.memory[i])));
        }
        if (g.stream_place >= 0) m.position = m.at[g.stream_place], m.step = g.stream_step, m.length = g.stream_length;
        return m;
    }
    static constexpr memory_layout layout = lay_out({});
    static constexpr binding places(const graph_view&) { return bound_to<facts>(layout.outputs); }
};

}  // namespace _

// Net on a signal: In is one piece, Input<float, T, F>: T steps of F features. A trained model's parameters serve any T.
//
//     etta::Stream<Net, etta::Input<float, 1, 1>> voice(model);      // sample by sample
//     voice.process(&in, &out);
//
// Its memory is in the object: bytes is sizeof. The model must outlive it. LSTM, GRU and RNN remember (called without a
// state), causal self-attention keeps keys and values; other layers see each piece by itself. What cannot be had piece by piece
// does not compile: recurrent layers of both directions, attention to what is yet to come or to another sequence.
//
// Length: how many positions networks with attention can look back; 0: as many as they have learned positions. Those have no
// more positions than that: what goes on needs a reset(). Other networks go on for ever.
template <class Net, class In, int Length = 0>
class Stream {
    static_assert(Length >= 0, "etta: the Length of a Stream is 0 or more");
    static constexpr bool one_each = _::model_inputs<In>::count == 1 && _::traced_model<Net, In, 0>::one_output;
    static_assert(one_each, "etta: a Stream is of a network with one input and one output: use a Model");
    using source = _::stream_source<Net, In, Length>;
    static constexpr bool sound = one_each && _::check_model<Net, In, 0, source>();
    using program = _::program<_::sound<sound, source>, this_target>;

public:
    using element = typename In::parameter_element;
    using input_element = typename In::element;
    static constexpr index input_size = In::sample_size, output_size = source::layout.output_elements;
    static constexpr index parameter_elements = source::facts::layout.elements;
    static constexpr index flops = program::flops;  // of one piece
    static constexpr index length = source::layout.length;     // positions until a reset() is due; 0: any number
    static constexpr index state_bytes = source::layout.bytes;

    template <class M>
        requires requires(M& m) { m.parameters.data(); typename M::net_type; }
    explicit Stream(M& model) : parameters(model.parameters.data()) {
        static_assert(!sound || (std::is_same_v<typename M::net_type, Net> && M::parameter_bytes == parameter_elements * static_cast<index>(sizeof(element))), "etta: the model of a Stream has the same network");
        if constexpr (M::n_states > 0) states = model.states.data();
        reset();
    }
    // Parameters as one block, as Model and Compiled lay them out.
    explicit Stream(const element* block) : parameters(block) { reset(); }

    // Forgets the signal so far, and reads the parameters again: small matrices are kept transposed.
    void reset() {
        __builtin_memset(memory, 0, sizeof memory);
        now = 0;
        for (int i = 0; i < source::n_memories; ++i) {
            if (source::layout.transposed[i] < 0) continue;
            const element* const w = parameters + source::facts::layout.at[source::layout.transposed[i]].offset / static_cast<index>(sizeof(element));
            element* const t = reinterpret_cast<element*>(fixed + source::layout.at[i]);
            const index rows = source::layout.rows[i], columns = source::layout.columns[i];
            for (index k = 0; k < rows; ++k)
                for (index j = 0; j < columns; ++j) t[k * columns + j] = w[j * rows + k];
        }
    }
    // What it remembers: a few numbers of each recurrent layer, the attention's keys and values, the position. A copy of these bytes
    // brings any Stream of this network and Length to this place of the signal, whatever its pieces: now, or from a file that the
    // same version of etta has written.
    std::span<const std::byte> state() const { return {reinterpret_cast<const std::byte*>(memory[now]), static_cast<std::size_t>(state_bytes)}; }
    // Fails, and changes nothing, if these are not state_bytes bytes or end at a position that there is not.
    void state(std::span<const std::byte> bytes) {
        if (bytes.size() != static_cast<std::size_t>(state_bytes))
            fail_with<>("the state of a Stream has %lld bytes, this one has %lld", static_cast<long long>(state_bytes), static_cast<long long>(bytes.size()));
        if constexpr (source::layout.step > 0) {
            const index at = position_in(bytes.data());
            if (at < 0 || (length > 0 && at > length)) fail_with<>("the state of a Stream is at position %lld of %lld", static_cast<long long>(at), static_cast<long long>(length));
        }
        if (state_bytes > 0) __builtin_memcpy(memory[now], bytes.data(), static_cast<std::size_t>(state_bytes));
    }
    // Positions since reset(), in a network that counts them.
    index position() const
        requires(source::layout.step > 0)
    {
        return position_in(memory[now]);
    }
    // input_size elements at x -> output_size elements at y. Fails, and changes nothing, if the piece would go beyond `length`.
    void process(const input_element* x, element* y) {
        if constexpr (length > 0) {
            if (position() > length - source::layout.step) end_of_stream();
        }
        _::check_all_ids<typename source::facts, In>(x, 1);
        char* buffers[_::first_argument_buffer + 2 + 2 * source::n_memories] = {workspace, as_bytes(parameters), const_cast<char*>(states), as_bytes(x), as_bytes(y)};
        for (int i = 0; i < source::n_memories; ++i) {
            const bool changes = source::layout.transposed[i] < 0;
            buffers[_::first_argument_buffer + 2 + 2 * i] = (changes ? memory[now] : fixed) + source::layout.at[i];
            buffers[_::first_argument_buffer + 3 + 2 * i] = changes ? memory[1 - now] + source::layout.at[i] : nullptr;
        }
        _::run_alone<program, this_target>(buffers, nullptr);
        now = 1 - now;
    }

private:
    static index position_in(const void* state) {
        std::int64_t p;
        __builtin_memcpy(&p, static_cast<const char*>(state) + source::layout.position, sizeof p);
        return static_cast<index>(p);
    }
    [[noreturn]] ETTA_NOINLINE void end_of_stream() const {
        fail_with<>("Stream: a piece of %lld at position %lld goes beyond its length, %lld: reset() it first, or give it a greater Length (and the network as many learned positions)",
                    static_cast<long long>(source::layout.step), static_cast<long long>(position()), static_cast<long long>(length));
    }
    template <class T>
    static char* as_bytes(const T* p) { return const_cast<char*>(reinterpret_cast<const char*>(p)); }
    const element* parameters;
    const char* states = nullptr;
    int now = 0;
    alignas(64) char workspace[program::workspace_bytes > 0 ? program::workspace_bytes : 1];
    alignas(64) char memory[2][source::layout.bytes > 0 ? source::layout.bytes : 1];                // what was, what is next
    alignas(64) char fixed[source::layout.fixed_bytes > 0 ? source::layout.fixed_bytes : 1];  // transposed matrices
};

}  // namespace etta
