// oneDNN: products, softmax and layer normalisation as primitives that are built once.
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

#include "bench.hpp"
#include "workloads.hpp"

namespace {

using namespace dnnl;
using bench::meter;
using tag = memory::format_tag;
constexpr auto f32 = memory::data_type::f32;
using arguments = std::unordered_map<int, memory>;

engine& cpu() {
    static engine e(engine::kind::cpu, 0);
    return e;
}
memory filled(const memory::desc& d, std::uint32_t stream, double range = 1) {
    memory m(d, cpu());
    bench::fill(static_cast<float*>(m.get_data_handle()), static_cast<long>(d.get_size() / sizeof(float)), stream, -range, range);
    return m;
}
void measure(meter& m, const primitive& p, const arguments& a) {
    stream s(cpu());
    m.run([&] { p.execute(s, a), s.wait(); });
}

template <int M, int K, int N>
void product(meter& m) {
    const memory::desc a({M, K}, f32, tag::ab), b({K, N}, f32, tag::ab), c({M, N}, f32, tag::ab);
    const matmul p(matmul::primitive_desc(matmul::desc(a, b, c), cpu()));
    measure(m, p, {{DNNL_ARG_SRC, filled(a, 1)}, {DNNL_ARG_WEIGHTS, filled(b, 2)}, {DNNL_ARG_DST, filled(c, 3)}});
}

void softmax_rows(meter& m) {
    const memory::desc d({64, 1000}, f32, tag::ab);
    const softmax_forward p(softmax_forward::primitive_desc(softmax_forward::desc(prop_kind::forward_inference, d, 1), cpu()));
    measure(m, p, {{DNNL_ARG_SRC, filled(d, 1, 4)}, {DNNL_ARG_DST, filled(d, 2)}});
}

void layernorm(meter& m) {
    const memory::desc d({64, 768}, f32, tag::ab), w({768}, f32, tag::a);
    const layer_normalization_forward p(layer_normalization_forward::primitive_desc(
        layer_normalization_forward::desc(prop_kind::forward_inference, d, 1e-5f, normalization_flags::use_scale | normalization_flags::use_shift), cpu()));
    measure(m, p, {{DNNL_ARG_SRC, filled(d, 1)}, {DNNL_ARG_DST, filled(d, 2)}, {DNNL_ARG_SCALE, filled(w, 3)}, {DNNL_ARG_SHIFT, filled(w, 4)}});
}

}  // namespace

int main(int argc, char** argv) {
    bench::suite s("oneDNN", argc, argv);
    s.add("E3.softmax.64x1000", softmax_rows);
    s.add("E4.layernorm.64x768", layernorm);
#define ADD(name, m, k, n) s.add(name, product<m, k, n>);
    BENCH_GEMMS(ADD)
    return s.run();
}
