// Transforms of images against PyTorch's interpolate, grid_sample and pad (make_images.py wrote the file).
#include <etta/data/transforms.hpp>
#include <etta/io/safetensors.hpp>

#include <cmath>

#include "catch.hpp"

namespace T = etta::transforms;

namespace {
const etta::safetensors_file& file() {
    static const auto f = etta::safetensors_file::open(ETTA_TEST_DIR "/parity/images.st");
    return f;
}
std::vector<float> get(const std::string& name) {
    REQUIRE(file().find(name) != nullptr);
    std::vector<float> v(static_cast<std::size_t>(file().find(name)->count()));
    etta::copy_elements<float>(*file().find(name), v.data());
    return v;
}
// "x" or "grey" through the transform, as a data set's sample.
void compare(const char* source, const std::string& name, const etta::Transform& t) {
    const auto& from = file().find(source)->shape;
    const auto made = etta::Dataset::from(get(source), etta::dims(std::span<const etta::index>(from))).transformed(t);
    const std::vector<float> want = get(name);
    CAPTURE(name);
    REQUIRE(made.x_shape() == etta::dims(std::span<const etta::index>(file().find(name)->shape)));
    std::vector<float> got(want.size());
    made.copy_x(0, got.data());
    double worst = 0;
    for (std::size_t i = 0; i < want.size(); ++i) worst = std::max(worst, std::abs(double(got[i]) - double(want[i])));
    CHECK(worst <= 1e-6);  // of numbers from 0 to 1
}
}  // namespace

TEST_CASE("Resize is torch.nn.functional.interpolate, with and without antialias") {
    const int sizes[][2] = {{14, 20}, {7, 5}, {3, 4}, {9, 23}, {1, 1}, {2, 17}};
    for (const auto& s : sizes)
        for (const auto& [source, name] : {std::pair("x", "resize."), std::pair("grey", "resize_grey.")}) {
            const std::string shape = std::to_string(s[0]) + "x" + std::to_string(s[1]);
            compare(source, name + ("nearest." + shape), T::Resize{.size = {s[0], s[1]}, .interpolation = T::Interpolation::nearest});
            compare(source, name + ("bilinear." + shape), T::Resize{.size = {s[0], s[1]}, .antialias = false});
            compare(source, name + ("antialias." + shape), T::Resize{.size = {s[0], s[1]}});
        }
}

TEST_CASE("Affine is grid_sample on the inverse of rotation, shear, scale and translation") {
    const std::vector<float> cases = get("affine.cases");
    for (std::size_t i = 0; i < cases.size() / 6; ++i) {
        double c[6];
        for (std::size_t k = 0; k < 6; ++k) c[k] = std::round(1e4 * double(cases[6 * i + k])) / 1e4;  // as make_images.py has them, in double
        for (const bool nearest : {true, false})
            compare("x", std::string("affine.") + (nearest ? "nearest." : "bilinear.") + std::to_string(i),
                    T::Affine{.angle = c[0], .translate_x = c[1], .translate_y = c[2], .scale = c[3], .shear_x = c[4], .shear_y = c[5],
                              .interpolation = nearest ? T::Interpolation::nearest : T::Interpolation::bilinear});
    }
    // One angle, one size: what the random ones compute.
    compare("x", "affine.bilinear.1", T::RandomRotation{.degrees = {-17, -17}, .interpolation = T::Interpolation::bilinear});
    compare("x", "affine.bilinear.5", T::RandomAffine{.scale = {1.71, 1.71}, .interpolation = T::Interpolation::bilinear});
    compare("x", "affine.nearest.6", T::RandomAffine{.shear = {11, 11}});
    compare("x", "affine.nearest.7", T::RandomAffine{.shear_y = {-23, -23}});
}

TEST_CASE("RandomCrop pads like torch.nn.functional.pad") {
    const std::pair<const char*, T::Padding> modes[] = {{"constant", T::Padding::constant}, {"replicate", T::Padding::edge}, {"reflect", T::Padding::reflect}};
    for (const auto& [name, mode] : modes)  // a crop of all that there is
        compare("x", std::string("pad.") + name, T::RandomCrop{.size = {15, 18}, .padding = 4, .fill = 0.25, .padding_mode = mode});
}
