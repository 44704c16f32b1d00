// compiled.hpp: a network for firmware: no heap, exceptions, RTTI or static initialisers; weights in flash, one Memory
// object whose size the linker knows. Sizes are constants, so that a network that does not fit fails to compile.
#pragma once

#include "../run/cpu/execute.hpp"
#include "../run/cpu/attention.hpp"
#include "../run/cpu/conv.hpp"
#include "../run/cpu/place.hpp"
#include "../run/cpu/pool.hpp"
#include "../run/cpu/repeat.hpp"
#include "traced.hpp"

namespace etta {

struct inference_t {};
inline constexpr inference_t inference{};

inline constexpr index KiB = 1024;
template <index Bytes>
struct flash_t {
    static constexpr index bytes = Bytes;
};
template <index Bytes>
struct ram_t {
    static constexpr index bytes = Bytes;
};
template <index Bytes>
inline constexpr flash_t<Bytes> flash{};
template <index Bytes>
inline constexpr ram_t<Bytes> ram{};

// Net for batches of up to Batch samples of In.
template <class Net, class In, int Batch = 1>
struct Compiled {
    using element = typename In::parameter_element;
    using input_element = typename In::element;
    using facts = _::model_facts<Net, In, Batch>;
    using program = _::program<_::inference_source<Net, In, Batch>, this_target>;
    static constexpr int n_parameters = facts::n_parameters;
    static constexpr index parameter_elements = facts::layout.elements;
    static constexpr index parameter_bytes = parameter_elements * static_cast<index>(sizeof(element));
    static constexpr int n_states = facts::n_states;          // running means and the like: constants here, in flash
    static constexpr index state_bytes = facts::states.bytes;
    static constexpr index workspace_bytes = program::workspace_bytes;
    static constexpr index table_bytes = program::table_bytes;

    // All the RAM it needs beside input and output.
    struct Memory {
        alignas(64) char workspace[workspace_bytes > 0 ? workspace_bytes : 1];
    };

    // n samples at x -> n predictions at y, with the parameters as one block laid out as `offset` says. False (and nothing
    // written) if n is not 1 … Batch.
    static bool run(const element* parameters, Memory& memory, const input_element* x, element* y, index n = 1)
        requires(n_states == 0)
    {
        return run(parameters, nullptr, memory, x, y, n);
    }
    // A network with state takes that, too: a Model's states, state_bytes of them as they lie there.
    static bool run(const element* parameters, const char* states, Memory& memory, const input_element* x, element* y, index n = 1) {
        if (n < 1 || n > Batch) return false;
        char* const buffers[] = {memory.workspace, const_cast<char*>(reinterpret_cast<const char*>(parameters)), const_cast<char*>(states),
                                 const_cast<char*>(reinterpret_cast<const char*>(x)), reinterpret_cast<char*>(y)};
        _::run_calls<this_target>(program::run_table, buffers, &n);
        return true;
    }

    // Parameter i: name, first element in the block, number of elements.
    static constexpr std::string_view name(int i) { return facts::paths.at[i].view(); }
    static constexpr index offset(int i) { return facts::layout.at[i].offset / static_cast<index>(sizeof(element)); }
    static constexpr index size(int i) { return facts::layout.count[i]; }

    // At the end: clang leaves out what follows.
    static_assert(_::model_inputs<In>::count == 1 && _::traced_model<Net, In, Batch>::one_output, "etta: Compiled is of a network with one input and one output: use a Model");
};

namespace _ {
template <index Needed, index There>
constexpr bool flash_suffices() {
    static_assert(Needed <= There, "etta: the network's constants do not fit into flash (bytes needed, bytes there)");
    return Needed <= There;
}
template <index Needed, index There>
constexpr bool ram_suffices() {
    static_assert(Needed <= There, "etta: the network's working memory does not fit into RAM (bytes needed, bytes there)");
    return Needed <= There;
}
}  // namespace _

// static_assert(fits<Kws>(flash<60 * KiB>, ram<8 * KiB>)): parameters, state and tables in flash, workspace in RAM. Code comes on
// top; the linker's map says how much.
template <class Net, index Flash, index Ram>
constexpr bool fits(flash_t<Flash>, ram_t<Ram>) {
    return _::flash_suffices<Net::parameter_bytes + Net::state_bytes + Net::table_bytes, Flash>() && _::ram_suffices<static_cast<index>(sizeof(typename Net::Memory)), Ram>();
}

}  // namespace etta
