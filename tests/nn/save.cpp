// Saving and loading a model: the round trip is exact, and a file that does not fit leaves the model as it was.
#include <etta/nn/save.hpp>

#include <cstring>

#include "catch.hpp"
#include "scratch.hpp"

using etta::Input;
using etta::Linear;
using etta::load;
using etta::Model;
using etta::save;
using etta::seed;

namespace {

struct Net {
    Linear<4> fc1;
    Linear<2> fc2;
    constexpr auto operator()(auto x) const { return fc2(relu(fc1(x))); }
};
struct Wider {
    Linear<5> fc1;
    Linear<2> fc2;
    constexpr auto operator()(auto x) const { return fc2(relu(fc1(x))); }
};
struct Longer {
    Linear<4> fc1;
    Linear<2> fc2;
    Linear<3> fc3;
    constexpr auto operator()(auto x) const { return fc3(fc2(relu(fc1(x)))); }
};
template <class N, class T = float>
using Network = Model<N, Input<T, 3>>;

template <class M>
std::string bytes(const M& m) {
    return {reinterpret_cast<const char*>(m.parameters.data()), static_cast<std::size_t>(m.parameter_bytes)};
}
// load() fails with this text, and m is as it was.
template <class M>
void refused(M& m, const std::string& path, const std::string& text) {
    const std::string before = bytes(m);
    CHECK_THROWS_WITH(load(m, path), says(path) && says(text));
    CHECK((bytes(m) == before));
}

}  // namespace

TEST_CASE("what is saved comes back bit for bit") {
    Scratch dir;
    Network<Net> a{seed(1)}, b{seed(2)};
    a.parameter(1).data[0] = -0.0f;
    CHECK((bytes(a) != bytes(b)));
    save(a, dir.path("a.st"));
    load(b, dir.path("a.st"));
    CHECK((bytes(a) == bytes(b)));
    Network<Net, double> d{seed(1)}, e{seed(2)};
    save(d, dir.path("d.st"));
    load(e, dir.path("d.st"));
    CHECK((bytes(d) == bytes(e)));
}

TEST_CASE("a file holds the tensors under their names, in the order of the members") {
    Scratch dir;
    Network<Net> a{seed(1)};
    save(a, dir.path("a.st"));
    const auto file = etta::safetensors_file::open(dir.path("a.st"));
    CHECK(file.tensors().size() == 4);
    const char* const names[] = {"fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"};
    for (int i = 0; i < 4; ++i) {
        const auto* t = file.find(names[i]);
        REQUIRE(t != nullptr);
        CHECK(std::memcmp(t->data, a.parameter(i).data, t->bytes) == 0);
        CHECK(t->type == etta::dtype::f32);
    }
    CHECK(file.find("fc1.weight")->shape == std::vector<etta::index>{4, 3});
}

TEST_CASE("a file that does not fit is refused, by name, and the model is untouched") {
    Scratch dir;
    Network<Net> m{seed(1)};
    SECTION("another shape") {
        Network<Wider> w;
        save(w, dir.path("w.st"));
        refused(m, dir.path("w.st"), "'fc1.weight' has shape [5, 3], the model's is [4, 3]");
    }
    SECTION("another type") {
        Network<Net, double> d;
        save(d, dir.path("d.st"));
        refused(m, dir.path("d.st"), "'fc1.weight' is double, the model's is float");
    }
    SECTION("a tensor too few") {
        Network<Longer> l;
        save(m, dir.path("m.st"));
        refused(l, dir.path("m.st"), "there is no tensor 'fc3.weight'");
    }
    SECTION("a tensor too many") {
        Network<Longer> l;
        save(l, dir.path("l.st"));
        refused(m, dir.path("l.st"), "'fc3.");
    }
    SECTION("no file") { refused(m, dir.path("none.st"), ""); }
    SECTION("a truncated file") {
        save(m, dir.path("m.st"));
        std::FILE* f = std::fopen(dir.path("m.st").c_str(), "rb");
        char all[4096];
        const std::size_t n = std::fread(all, 1, sizeof all, f);
        std::fclose(f);
        for (const std::size_t keep : {std::size_t{0}, std::size_t{7}, std::size_t{8}, std::size_t{100}, n - 1})
            refused(m, dir.file("cut.st", {all, keep}), "");
        all[0] ^= 1;
        refused(m, dir.file("lies.st", {all, n}), "");
    }
}

TEST_CASE("a path that cannot be written is an error that names it, and the old file stays") {
    Scratch dir;
    Network<Net> m{seed(1)};
    const std::string before = bytes(m);
    CHECK_THROWS_WITH(save(m, dir.path("no/such/folder/m.st")), says("no/such/folder"));
    CHECK_THROWS_AS(save(m, dir.folder), etta::Error);
    CHECK((bytes(m) == before));
}
