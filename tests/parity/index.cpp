// Ops that read and add at places that are data against PyTorch: values and gradients. make_index.py wrote the file.
#include "catch.hpp"
#include "gradient_check.hpp"
#include "recorded.hpp"

using namespace etta;

namespace {

const auto& file() {
    static const auto f = safetensors_file::open(recorded_path("index.st"));
    return f;
}
template <class T, std::size_t... E>
Tensor<T, E...> read(const std::string& name) {
    Tensor<T, E...> t;
    const auto from = recorded_as<T>(file(), name);
    REQUIRE(static_cast<std::size_t>(t.size()) == from.size());
    std::copy(from.begin(), from.end(), t.data());
    return t;
}
auto x() { return read<double, 3, 4, 5>("x"); }
auto more() { return read<double, 3, 6, 5>("more"); }

// f(x, places): what it gives, and the gradient of the weighed sum of that.
template <class F, class I>
void compare(const std::string& name, F, const I& places) {
    const auto all = call([](auto x, auto at) {
        const auto y = F{}(x, at);
        return _::make_results(y, grad<0>([](auto x, auto at) { return check::weighed(F{}(x, at)); })(x, at));
    }, x(), places);
    REQUIRE(static_cast<std::size_t>(get<0>(all).size()) == recorded(file(), name + ".y").size());
    CHECK(unlike(file(), name + ".y", get<0>(all).data(), 0) == "");
    CHECK(unlike(file(), name + ".dx", get<1>(all).data(), 1e-14) == "");
}
// f(x, places, what is added), and both gradients.
template <class F, class I>
void compare_sum(const std::string& name, F, const I& places) {
    const auto all = call([](auto x, auto more, auto at) {
        const auto y = F{}(x, at, more);
        const auto d = grad<0, 1>([](auto x, auto more, auto at) { return check::weighed(F{}(x, at, more)); })(x, more, at);
        return _::make_results(y, get<0>(d), get<1>(d));
    }, x(), more(), places);
    REQUIRE(static_cast<std::size_t>(get<0>(all).size()) == recorded(file(), name + ".y").size());
    CHECK(unlike(file(), name + ".y", get<0>(all).data(), 1e-14) == "");
    CHECK(unlike(file(), name + ".dx", get<1>(all).data(), 1e-14) == "");
    CHECK(unlike(file(), name + ".dmore", get<2>(all).data(), 1e-14) == "");
}

}  // namespace

TEST_CASE("gather, take_along_axis, take and embedding read what PyTorch reads, and their gradients are PyTorch's") {
    const auto at = read<std::int64_t, 3, 6, 5>("at");
    compare("gather1", [](auto x, auto at) { return gather<1>(x, at); }, at);
    compare("gather1", [](auto x, auto at) { return take_along_axis<1>(x, at); }, at);
    compare("gather2", [](auto x, auto at) { return gather<-1>(x, at); }, read<std::int32_t, 3, 4, 2>("last"));
    compare("gather0", [](auto x, auto at) { return take_along_axis<0>(x, at); }, read<std::int64_t, 2, 4, 5>("first"));
    compare("along", [](auto x, auto at) { return take_along_axis<2>(x, at); }, read<std::int64_t, 1, 4, 1>("row"));  // broadcasts
    compare("take", [](auto x, auto at) { return take<1>(x, at); }, read<std::int64_t, 6>("whole"));
    compare("embedding", [](auto x, auto at) { return embedding(at, flatten<1>(x)); }, read<std::int32_t, 2, 3>("tokens"));
}

TEST_CASE("scatter_add adds what PyTorch's scatter_add and index_add add, and its gradients are PyTorch's") {
    const auto add = [](auto x, auto at, auto more) { return scatter_add<1>(x, at, more); };
    compare_sum("scatter", add, read<std::int64_t, 3, 6, 5>("at"));
    compare_sum("add", add, read<std::int32_t, 6>("whole"));
}
