// predict.hpp: a model's outputs for every sample of a data set.
#pragma once

#include <vector>

#include "../data/loader.hpp"
#include "../nn/outputs.hpp"

namespace etta::_ {

// The outputs as result_tree holds them: a vector each; of bool, bytes.
template <class M>
struct predictions {};
template <class M, int I>
struct output_of<predictions<M>, I> {
    static constexpr model_output output = M::facts::layout.outputs[I];
    using element = std::conditional_t<output.type == dtype::boolean, std::uint8_t, type_of<output.type>>;
    using tensor = std::vector<element>;
    static tensor make(const index* n) { return tensor(static_cast<std::size_t>(output.extents.count(n))); }
};

// Fails if the model does not take these data's samples.
template <class M>
void check_samples(const Dataset& d) {
    if (d.has_ids() != std::is_integral_v<typename M::input_element>) fail<>(d.has_ids() ? "the data's samples are ids, the model takes numbers" : "the data's samples are numbers, the model takes ids");
    constexpr index size = M::input_type::sample_size;
    if (d.x_shape().count() != size)
        fail<>("the data's samples have shape " + d.x_shape().text() + " (" + std::to_string(d.x_shape().count()) + " elements), the model takes " + std::to_string(size));
}

template <class M>
auto predict(M& m, const Dataset& data) {
    check_samples<M>(data);
    using R = result_tree<predictions<M>, output_mirror<M>, 0>;
    using X = typename M::input_element;
    const index n = data.size();
    typename R::storage out = R::make(&n);
    char* y[M::n_outputs];
    char** next = y;
    R::bind(out, next);
    BatchOptions o;
    o.type = dtype_of<typename M::element>;
    for (auto&& [x, targets] : batches(data, M::batch_bound, o)) {
        const X* at = static_cast<const X*>(x.data);
        const index size = x.extents[0];
        if constexpr (M::n_inputs == 1 && M::n_outputs == 1) m.run(at, reinterpret_cast<typename M::element*>(y[0]), size);
        else run_joined(m, at, y, size);
        for (int k = 0; k < M::n_outputs; ++k) {
            const model_output& output = M::facts::layout.outputs[k];
            y[k] += output.extents.count(&size) * size_of(output.type);
        }
    }
    return R::finish(static_cast<typename R::storage&&>(out));
}

}  // namespace etta::_
