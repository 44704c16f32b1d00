// What initialisers draw, and how layers start, against the statistics of PyTorch's (make_init.py wrote the file).
#include "catch.hpp"
#include "recorded.hpp"

using namespace etta;

namespace {

constexpr int draws = 200;

const auto& init_file() {
    static const auto f = safetensors_file::open(recorded_path("init.st"));
    return f;
}
// Mean, root mean square, least, largest, share of zeros: both sides are samples, so the means are compared within six standard errors,
// the ends within a part of the range.
void check_statistics(const std::string& name, const std::vector<double>& x, double ends) {
    double mean = 0, square = 0, least = 1e300, most = -1e300, zeros = 0;
    for (const double v : x) mean += v, square += v * v, least = std::min(least, v), most = std::max(most, v), zeros += v == 0;
    const double n = static_cast<double>(x.size()), rms = std::sqrt(square / n);
    mean /= n;
    const auto want = recorded(init_file(), name);
    const double range = want[3] - want[2], error = range > 0 ? 6 * want[1] * std::sqrt(2 / n) : 1e-15;
    INFO(name);
    CHECK(std::abs(mean - want[0]) <= error);
    CHECK(std::abs(rms - want[1]) <= error);
    CHECK(std::abs(least - want[2]) <= ends * range);
    CHECK(std::abs(most - want[3]) <= ends * range);
    CHECK(zeros / n == want[4]);
}
constexpr double bounded = 0.01, exact = 0, unbounded = 0.15;
template <class Init>
void check_init(const std::string& name, const shape& s, double ends) {
    etta::index count = 1;
    for (int i = 0; i < s.rank; ++i) count *= static_cast<etta::index>(s.at[i].code);
    const auto rows = static_cast<etta::index>(s.at[0].code);
    const initialiser start = Init::of(s, static_cast<double>(count / rows));
    std::vector<double> x(static_cast<std::size_t>(count * draws));
    for (int d = 0; d < draws; ++d)
        _::draw_parameter<~0u>(start, rows, count, seed(static_cast<std::uint64_t>(d)), 0, [&](etta::index k, double v) { x[static_cast<std::size_t>(d * count + k)] = v; });
    check_statistics(name, x, ends);
}

template <etta::index N>
struct count_of {};
struct Layers {
    Linear<20> linear;
    Bilinear<5> bilinear;
    Conv1d<8, 3> conv1d;
    Conv2d<8, per_axis{3, 5}, 1, 0, 1, 2> conv2d;
    Conv3d<6, 3> conv3d;
    ConvTranspose1d<9, 3, 1, 0, 0, 3> transposed1d;
    ConvTranspose2d<8, per_axis{2, 3}> transposed2d;
    PReLU<channels> prelu;
    GroupNorm<2> group_norm;
    constexpr auto operator()(auto x) const {
        const auto first = [&]<etta::index N>(count_of<N>) constexpr { return slice<-1, 0, N>(x); };
        return concat<1>(linear(first(count_of<30>{})), bilinear(first(count_of<10>{}), first(count_of<6>{})), flatten(conv1d(Reshape<6, 5>{}(first(count_of<30>{})))),
                         flatten(conv2d(Reshape<6, 5, 5>{}(first(count_of<150>{})))), flatten(conv3d(Reshape<4, 3, 3, 3>{}(first(count_of<108>{})))),
                         flatten(transposed1d(Reshape<6, 2>{}(first(count_of<12>{})))), flatten(transposed2d(Reshape<6, 2, 2>{}(first(count_of<24>{})))),
                         prelu(first(count_of<6>{})), flatten(group_norm(Reshape<6, 2>{}(first(count_of<12>{})))));
    }
};

}  // namespace

TEST_CASE("what initialisers draw has the mean, the deviation and the ends of torch.nn.init's") {
    using enum init::nonlinearity;
    const shape matrix(etta::index{40}, etta::index{30}), filters(etta::index{8}, etta::index{6}, etta::index{5}, etta::index{5});
    check_init<init::constant<2.5>>("constant", matrix, exact);
    check_init<init::uniform<-1.0, 3.0>>("uniform", matrix, bounded);
    check_init<init::normal<2.0, 1.0>>("normal", matrix, unbounded);
    check_init<init::trunc_normal<2.0, 1.0, 0.0, 4.0>>("trunc_normal", matrix, bounded);
    check_init<init::xavier_uniform>("xavier_uniform", matrix, bounded);
    check_init<init::xavier_normal>("xavier_normal", filters, unbounded);
    check_init<init::variance_scaling<init::gain(tanh), fan::average, init::distribution::uniform>>("xavier_gain", matrix, bounded);
    check_init<init::kaiming_uniform>("kaiming_uniform", filters, bounded);
    check_init<init::kaiming_normal>("kaiming_normal", matrix, unbounded);
    check_init<init::variance_scaling<init::gain(leaky_relu, 0.2), fan::out>>("kaiming_fan_out", filters, unbounded);
    check_init<init::orthogonal<init::gain(relu)>>("orthogonal", shape(etta::index{12}, etta::index{8}), unbounded);
    check_init<init::sparse<0.31, 0.05>>("sparse", matrix, unbounded);
    check_init<init::eye<>>("eye", shape(etta::index{4}, etta::index{3}), exact);
    check_init<init::dirac<2>>("dirac", shape(etta::index{6}, etta::index{2}, etta::index{3}, etta::index{4}), exact);
}

TEST_CASE("layers start as PyTorch's do, weights and biases") {
    Model<Layers, Input<double, 150>, max_batch<1>> model{seed(0)};
    for (int i = 0; i < model.n_parameters; ++i) {
        std::vector<double> x;
        for (int d = 0; d < draws; ++d) {
            model.initialise(seed(static_cast<std::uint64_t>(d)));
            x.insert(x.end(), model.parameter(i).data, model.parameter(i).data + model.parameter(i).size);
        }
        check_statistics(std::string(model.parameter(i).name), x, bounded);
    }
}
