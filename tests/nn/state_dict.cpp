// A model's weights as a list, copied and compared; loading a part of a file: what is let pass, what is refused, and that after an
// error the model is as it was.
#include <etta/nn/norm.hpp>
#include <etta/nn/state_dict.hpp>

#include <cstring>
#include <limits>

#include "catch.hpp"
#include "scratch.hpp"

using etta::Linear;
using etta::seed;

namespace {

struct Net {
    Linear<4> fc1;
    etta::BatchNorm1d<> bn;
    Linear<2> fc2;
    constexpr auto operator()(auto x) const { return fc2(relu(bn(fc1(x)))); }
};
struct Other {
    Linear<4> fc1;
    Linear<3> fc2;
    Linear<2> fc3;
    constexpr auto operator()(auto x) const { return fc3(fc2(fc1(x))); }
};
struct Biases {
    etta::Param<etta::sized<2>> a, b, c;
    constexpr auto operator()(auto x) const { return x * a(x) + b(x) * c(x); }
};
template <class N, class T = float>
using Network = etta::Model<N, etta::Input<T, 3>>;
using Names = std::vector<std::string>;

template <class M>
std::string bytes(const M& m) {
    return {reinterpret_cast<const char*>(m.parameters.data()), static_cast<std::size_t>(m.parameter_bytes)};
}

}  // namespace

TEST_CASE("a state dict lists parameters and states, which can be read and set") {
    Network<Net> m{seed(1)};
    const etta::StateDict d = etta::state_dict(m);
    CHECK(d.size() == 9);
    CHECK(d.count() == 4 * 3 + 4 + 4 + 4 + 2 * 4 + 2 + 4 + 4 + 1);
    Names names;
    for (const etta::StateEntry& e : d) names.push_back(std::string(e.name));
    CHECK(names == Names{"fc1.weight", "fc1.bias", "bn.weight", "bn.bias", "fc2.weight", "fc2.bias", "bn.running_mean", "bn.running_var", "bn.num_batches_tracked"});
    CHECK(d["fc1.weight"].as<float>() == m.parameter("fc1.weight").data);
    CHECK(d["bn.running_var"].as<float>()[3] == 1);
    CHECK(d["bn.num_batches_tracked"].type == etta::dtype::i64);
    CHECK_FALSE(d["bn.num_batches_tracked"].parameter);
    CHECK(d.find("fc3.weight") == nullptr);
    CHECK_THROWS_WITH(d["fc3.weight"], says("no parameter or state 'fc3.weight'; it has fc1.weight, fc1.bias"));
    CHECK_THROWS_WITH(d["fc1.weight"].as<double>(), says("'fc1.weight' is float, not double"));

    const etta::Tensor<float, 2, 4> w{1, 2, 3, 4, 5, 6, 7, 8};
    d.set("fc2.weight", w);
    CHECK(m.parameter<"fc2.weight">()(1, 2) == 7);
    d.set("fc2.bias", std::vector<float>{-1, -2});
    CHECK(m.parameter<"fc2.bias">()(1) == -2);
    const std::string before = bytes(m);
    CHECK_THROWS_WITH(d.set("fc1.weight", w), says("'fc1.weight' has extents [4, 3], given are [2, 4]"));
    CHECK_THROWS_WITH(d.set("fc2.bias", std::vector<double>{1, 2}), says("'fc2.bias' is float, given is double"));
    CHECK((bytes(m) == before));
    CHECK(d.text().find("bn.running_mean         float  [4] (state)         4\n") != std::string::npos);
}

TEST_CASE("weights are copied by name, between precisions too, or not at all") {
    Network<Net> a{seed(1)};
    a.state<"bn.num_batches_tracked">()() = 7;
    a.state<"bn.running_mean">()(2) = 0.5f;
    Network<Net, double> b{seed(2)};
    const etta::LoadReport r = etta::copy_weights(a, b);
    CHECK(r.complete());
    CHECK(r.converted.size() == 8);
    CHECK(b.state<"bn.num_batches_tracked">()() == 7);
    CHECK(etta::compare_weights(a, b).equal());
    CHECK(etta::copy_weights(a, a).loaded.empty());
    Network<Other> c{seed(3)};
    const std::string before = bytes(c);
    CHECK_THROWS_WITH(etta::copy_weights(a, c), says("copy_weights: tensor 'fc2.weight' has shape [2, 4], the model's is [3, 4]"));
    CHECK((bytes(c) == before));
    const etta::LoadReport part = etta::copy_weights(a, c, {.missing = true, .unexpected = true, .mismatched = true});
    CHECK(part.loaded == Names{"fc1.weight", "fc1.bias"});
    CHECK(part.mismatched == Names{"fc2.weight [2, 4], the model's is [3, 4]", "fc2.bias [2], the model's is [3]"});
    CHECK(part.missing == Names{"fc3.weight", "fc3.bias"});
    CHECK_FALSE(part.complete());
}

TEST_CASE("a copy of a model that has not predicted anything yet allocates its own workspace") {
    Network<Net> a{seed(1)}, b = a, c{seed(2)};
    CHECK(b.workspace.data() == nullptr);
    c.reserve();
    c = a;
    const etta::Tensor<float, 3> x{1, 2, 3};
    const auto y = a(x), z = b(x), w = c(x);
    CHECK(b.workspace.size == etta::index{Network<Net>::workspace_bytes()});
    CHECK(c.workspace.size == etta::index{Network<Net>::workspace_bytes()});
    for (int i = 0; i < 2; ++i) CHECK((y(i) == z(i) && y(i) == w(i)));
}

TEST_CASE("a comparison says which tensors differ, by how much, and which are in one only") {
    Scratch dir;
    Network<Net> a{seed(1)}, b{seed(1)};
    b.parameter<"fc1.bias">()(0) = 4, a.parameter<"fc1.bias">()(0) = 3;
    b.parameter<"fc1.bias">()(1) = 0, a.parameter<"fc1.bias">()(1) = 0.5f;
    const float nan = std::numeric_limits<float>::quiet_NaN();
    a.parameter<"fc2.bias">()(0) = nan, b.parameter<"fc2.bias">()(0) = nan;
    etta::WeightComparison c = etta::compare_weights(a, b);
    CHECK(c.tensors.size() == 9);
    CHECK_FALSE(c.equal());
    for (const etta::WeightDifference& d : c.tensors) CHECK((d.kind == etta::WeightDifference::different) == (d.name == "fc1.bias"));
    CHECK(c.tensors[1].count == 2);
    CHECK(c.tensors[1].absolute == 1);
    CHECK(c.tensors[1].relative == 1);
    CHECK(c.within(1));
    CHECK_FALSE(c.within(0.99));
    a.parameter<"fc2.bias">()(0) = 0;
    c = etta::compare_weights(a, b);
    CHECK(c.tensors[5].absolute != c.tensors[5].absolute);
    CHECK_FALSE(c.within(1e30));
    save(b, dir.path("b.st"));
    CHECK(etta::compare_weights(dir.path("b.st"), b).equal());
    Network<Other> o{seed(1)};
    o.parameter<"fc1.bias">()(0) = 3, o.parameter<"fc1.bias">()(1) = 0.5f;
    CHECK(etta::compare_weights(o, b).text() ==
          "name                                        largest difference  relative\n"
          "------------------------------------------------------------------------\n"
          "fc1.weight              equal\n"
          "fc1.bias                2 elements differ                    1         1\n"
          "fc2.weight              of another shape\n"
          "fc2.bias                of another shape\n"
          "fc3.weight              only in the first\n"
          "fc3.bias                only in the first\n"
          "bn.weight               only in the second\n"
          "bn.bias                 only in the second\n"
          "bn.running_mean         only in the second\n"
          "bn.running_var          only in the second\n"
          "bn.num_batches_tracked  only in the second\n"
          "------------------------------------------------------------------------\n");
}

TEST_CASE("what load lets pass is what its options say, and what it refuses changes nothing") {
    Scratch dir;
    Network<Net> m{seed(1)};
    Network<Other> o{seed(2)};
    const std::string path = dir.path("net.npz"), before = bytes(o);
    save(m, path);
    const auto refused = [&](const etta::LoadOptions& options, const std::string& text) {
        CHECK_THROWS_WITH(load(o, path, options), says(path) && says(text));
        CHECK((bytes(o) == before));
    };
    refused({}, "'fc2.weight' has shape [2, 4], the model's is [3, 4]");
    refused({.mismatched = true}, "there is no tensor 'fc3.weight'");
    refused({.missing = true, .mismatched = true}, "'bn.weight' is not a parameter of the model");
    refused({.missing = true, .unexpected = true}, "'fc2.weight' has shape");
    refused({.missing = true, .unexpected = true, .mismatched = true, .transpose = {"fc9*"}}, "transpose: no parameter of the model fits 'fc9*'");
    refused({.missing = true, .unexpected = true, .mismatched = true, .rename = {{"fc2.*", "fc1.*"}}}, "'fc1.");
    refused({.missing = true, .unexpected = true, .rename = {{"*", "net.*"}}}, "none of its 9 tensors is one of the model's");
    refused({.rename = {{"fc1*", "*.*"}}}, "'*.*' has more '*' than 'fc1*'");
    const etta::LoadReport r = load(o, path, {.missing = true, .unexpected = true, .mismatched = true, .rename = {{"fc2.*", "fc3.*"}}});
    CHECK(r.text() ==
          "3 tensors loaded\n"
          "missing: fc2.weight, fc2.bias\n"
          "unexpected: bn.weight, bn.bias, bn.running_mean, bn.running_var, bn.num_batches_tracked\n"
          "of another shape: fc3.weight [2, 4], the model's is [2, 3]\n");
    CHECK(o.parameter<"fc3.bias">()(1) == m.parameter<"fc2.bias">()(1));
}

TEST_CASE("prefixes are taken away and added") {
    Scratch dir;
    Network<Net> m{seed(1)}, k{seed(2)};
    std::vector<etta::named_tensor> tensors = etta::_::tensors_of(m);
    for (etta::named_tensor& t : tensors) t.name = "module." + t.name + ".x";
    write_npz(dir.path("m.npz"), tensors);
    CHECK(load(k, dir.path("m.npz"), {.rename = {{"module.*.x", "*"}}}).complete());
    CHECK(etta::compare_weights(m, k).equal());
}

TEST_CASE("half precision, bfloat16 and whole numbers convert where that is asked for") {
    Scratch dir;
    const std::uint16_t half[2] = {0x3C00, 0xC100}, brain[2] = {0x3F80, 0xC020};  // 1, -2.5
    const std::int32_t whole[2] = {3, -4};
    const auto tensor = [](const char* name, etta::dtype type, const void* data, std::size_t size, const char* stored) {
        return etta::named_tensor{name, type, {2}, static_cast<const std::byte*>(data), size, stored};
    };
    etta::Model<Biases, etta::Input<float, 2>> m;
    const std::vector<etta::named_tensor> tensors{tensor("a", etta::dtype::none, half, 4, "F16"), tensor("b", etta::dtype::none, brain, 4, "BF16"),
                                                  tensor("c", etta::dtype::i32, whole, 8, "I32")};
    write_safetensors(dir.path("h.st"), tensors);
    CHECK_THROWS_WITH(load(m, dir.path("h.st")), says("'a' is F16, the model's is float"));
    CHECK(load(m, dir.path("h.st"), {.convert = true}).converted == Names{"a", "b", "c"});
    for (const char* name : {"a", "b"}) CHECK((m.parameter(name).data[0] == 1 && m.parameter(name).data[1] == -2.5f));
    CHECK(m.parameter("c").data[1] == -4);
}
