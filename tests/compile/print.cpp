// Graphs and programs for people.
#include <etta/etta.hpp>

#include <algorithm>
#include <string>

#include "catch.hpp"

namespace {

struct Net {
    etta::Linear<4> a;
    constexpr auto operator()(auto x) const { return softmax(relu(a(x))); }
};
using Model = etta::Model<Net, etta::Input<float, 3>, etta::max_batch<8>>;
using Program = Model::program;

// What a user knows before anything runs.
static_assert(Program::workspace_bytes == 256 && Program::flops > 8 * 2 * 3 * 4 && Model::parameter_bytes >= 4 * (3 * 4 + 4));

bool has(const std::string& text, const char* what) { return text.find(what) != std::string::npos; }

}  // namespace

TEST_CASE("a program as text says each kernel's FLOPs and bytes, and where results lie") {
    const std::string s = etta::program_text<Program>();
    // x 8 x 3 and the matrix 4 x 3 are read, 8 x 4 written; then that and the bias, which is broadcast; the exponentials and the result.
    CHECK(has(s, "kernel 0: gemm over [n, 4], 192 flops, reads 144 and writes 128 bytes\n    %3 = matmul(%0, %2) : float[n, 4]  -> workspace + 0\n"));
    CHECK(has(s, "reads 144 and writes 256 bytes"));
    CHECK(has(s, "= exp("));
    CHECK(has(s, "-> workspace + 128"));
    CHECK(has(s, "-> output 0"));
    CHECK(has(s, "workspace: 256 bytes\n"));
    CHECK(has(etta::graph_text<Program>(), "%0 = argument 0 : float[n, 3]\n%1 = parameter 0 : float[4, 3]\n"));
}

TEST_CASE("a program as DOT has kernels as boxes, with the same facts") {
    const std::string s = etta::program_dot<Program>();
    CHECK(has(s, "digraph etta {\n  label=\"workspace: 256 bytes\";"));
    CHECK(has(s, "subgraph cluster_0 { label=\"kernel 0: gemm over [n, 4], 192 flops, reads 144 and writes 128 bytes\""));
    CHECK(has(s, "[label=\"matmul\\nfloat[n, 4] in workspace + 0\"]"));
    CHECK(has(s, "in output 0\"]"));
    CHECK(has(s, "n2 -> n3;"));
    CHECK(std::count(s.begin(), s.end(), '{') == std::count(s.begin(), s.end(), '}'));
}
