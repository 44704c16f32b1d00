// transforms.hpp: transforms of images, with torchvision's names, defaults and formulas, for Dataset::transformed and batches().
//
//     #include <etta/data/transforms.hpp>
//     namespace T = etta::transforms;
//     train.transformed(T::Compose{T::RandomCrop{.size = {28}, .padding = 2}, T::RandomHorizontalFlip{}}, etta::seed(1))
//
// Images are [height, width] or [channels, height, width], float. Random ones draw from a stream that depends on the seed, the epoch
// and the sample's place in it alone: not on threads, prefetching, or where a run was taken up again.
//
// On its own, and not in etta.hpp: most programs have no images. Templates of the host, as all that computes with floats.
#pragma once

#include <cmath>

#include "../math/log.hpp"
#include "../math/philox.hpp"
#include "../math/trig.hpp"
#include "dataset.hpp"

namespace etta::transforms {

enum class Interpolation { nearest, bilinear };
// What stands outside an image: a value; its edge; mirrored without the edge (abc|cba without the first c: reflect), or with it.
enum class Padding { constant, edge, reflect, symmetric };

// A number a: from -a to a; two numbers: from the first to the second.
struct Range {
    double from = 0, to = 0;
    constexpr Range() = default;
    constexpr Range(double a) : from(-a), to(a) {}
    constexpr Range(double a, double b) : from(a), to(b) {}
    double draw(random_stream& r, const char* of = "a range") const {
        if (!(from <= to && to - from < __builtin_huge_val())) fail(std::string(of) + " from " + std::to_string(from) + " to " + std::to_string(to) + ", expected numbers, the smaller one first");
        return from + (to - from) * r.uniform<double>();
    }
};
// One number: a square, except where it says otherwise; two: height and width.
struct Size {
    index height = 0, width = 0;
    bool one = false;
    constexpr Size() = default;
    constexpr Size(index n) : height(n), width(n), one(true) {}
    constexpr Size(index h, index w) : height(h), width(w) {}
};

namespace _ {

using etta::_::this_host;

struct planes {
    index channels, height, width;
};
template <class Host>
planes planes_of(const Image& x, const char* who) {
    const dims& s = x.shape;
    if (s.rank != 2 && s.rank != 3) fail(std::string(who) + ": a sample of shape " + s.text() + ", expected [height, width] or [channels, height, width]");
    return {s.rank == 3 ? s[0] : 1, s[s.rank - 2], s[s.rank - 1]};
}
template <class Host>
void check_size(const Size& s, const char* who) {
    if (s.height < 1 || s.width < 1) fail(std::string(who) + ": a size of " + std::to_string(s.height) + " x " + std::to_string(s.width));
}
// The image becomes h x w: `spare` has the pixels.
inline void take_spare(Image& x, index h, index w) {
    x.values.swap(x.spare);
    x.shape.extents[x.shape.rank - 2] = h, x.shape.extents[x.shape.rank - 1] = w;
}
// Pixel (i, j) of the new image is pixel from(i, j) = row * width + column of the old one, or `fill` where that is negative.
template <class Host, class F>
void gather(Image& x, const planes& p, index h, index w, double fill, F from) {
    const index area = p.height * p.width;
    x.spare.resize(static_cast<std::size_t>(p.channels * h * w));
    const float* const src = x.values.data();
    float* const dst = x.spare.data();
    for (index i = 0; i < h; ++i)
        for (index j = 0; j < w; ++j) {
            const index at = from(i, j);
            for (index c = 0; c < p.channels; ++c) dst[(c * h + i) * w + j] = at < 0 ? static_cast<float>(fill) : src[c * area + at];
        }
    take_spare(x, h, w);
}
// Where place i of an axis of n stands, which may be outside; -1: nowhere.
inline index inside(index i, index n, Padding mode) {
    if (i >= 0 && i < n) return i;
    if (mode == Padding::constant) return -1;
    if (mode == Padding::edge) return i < 0 ? 0 : n - 1;
    const index period = mode == Padding::symmetric ? 2 * n : n > 1 ? 2 * n - 2 : 1;
    i = (i % period + period) % period;
    return i < n ? i : (mode == Padding::symmetric ? 2 * n - 1 : 2 * n - 2) - i;
}
// The window of h x w whose upper left corner is (top, left), which may be outside.
template <class Host>
void window(Image& x, const planes& p, index top, index left, index h, index w, double fill = 0, Padding mode = Padding::constant) {
    gather<Host>(x, p, h, w, fill, [&](index i, index j) {
        const index y = inside(i + top, p.height, mode), z = inside(j + left, p.width, mode);
        return y < 0 || z < 0 ? index{-1} : y * p.width + z;
    });
}

// Where pixel (x, y) of the new image comes from, both counted from the image's centre: (m0 x + m1 y + m2, m3 x + m4 y + m5).
struct matrix {
    double m[6];
};
// Of torchvision.transforms.functional.affine: rotation by `angle` degrees (clockwise), shear in degrees, scale, then translation in
// pixels. The inverse of translate · rotate · shear · scale.
inline matrix inverse_affine(double angle, double tx, double ty, double scale, double shear_x, double shear_y) {
    constexpr double degree = 3.14159265358979323846 / 180;
    const double r = angle * degree, sx = shear_x * degree, sy = shear_y * degree;
    const double a = std::cos(r - sy) / std::cos(sy), b = -a * std::tan(sx) - std::sin(r);
    const double c = std::sin(r - sy) / std::cos(sy), d = -c * std::tan(sx) + std::cos(r);
    matrix m{{d / scale, -b / scale, 0, -c / scale, a / scale, 0}};
    m.m[2] = -m.m[0] * tx - m.m[1] * ty;
    m.m[5] = -m.m[3] * tx - m.m[4] * ty;
    return m;
}
// grid_sample(affine_grid(...), align_corners = False, padding_mode = "zeros"); outside are pixels of value `fill`.
template <class Host>
void warp(Image& x, const planes& p, const matrix& of, Interpolation how, double fill) {
    const double* const m = of.m;
    const double cy = static_cast<double>(p.height - 1) / 2, cx = static_cast<double>(p.width - 1) / 2;
    const auto column = [&](index i, index j) { return m[0] * (static_cast<double>(j) - cx) + m[1] * (static_cast<double>(i) - cy) + m[2] + cx; };
    const auto row = [&](index i, index j) { return m[3] * (static_cast<double>(j) - cx) + m[4] * (static_cast<double>(i) - cy) + m[5] + cy; };
    // Far outside is outside: before a conversion to an integer would overflow. NaN is outside too.
    const auto near = [](double v, index n) { return v > -1 && v < static_cast<double>(n); };
    if (how == Interpolation::nearest)
        return gather<Host>(x, p, p.height, p.width, fill, [&](index i, index j) {
            const double u = column(i, j), v = row(i, j);
            if (!near(u, p.width) || !near(v, p.height)) return index{-1};
            const index a = static_cast<index>(std::nearbyint(v)), b = static_cast<index>(std::nearbyint(u));
            return a < 0 || b < 0 || a >= p.height || b >= p.width ? index{-1} : a * p.width + b;
        });
    // A frame of `fill` around every plane, and coordinates that end on it: no pixel needs a decision, and the first of the two loops runs
    // by lanes. 28 x 28 pixels take 2.6 us rather than 6.8 (a Xeon with AVX-512).
    const index stride = p.width + 2, plane = stride * (p.height + 2);
    if (plane > 0x7FFFFFFF) fail("an image of " + std::to_string(p.height) + " x " + std::to_string(p.width) + " pixels is too large for bilinear interpolation");
    x.spare.assign(static_cast<std::size_t>(plane * p.channels), static_cast<float>(fill));
    for (index c = 0; c < p.channels; ++c)
        for (index i = 0; i < p.height; ++i)
            std::memcpy(x.spare.data() + c * plane + (i + 1) * stride + 1, x.values.data() + (c * p.height + i) * p.width, static_cast<std::size_t>(p.width) * sizeof(float));
    constexpr index chunk = 64;
    constexpr int lanes = 16;
    using D = lane<double, lanes, this_target>;
    using I = lane<std::int32_t, lanes, this_target>;
    constexpr double steps[lanes] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const D step = D::load(steps);
    std::int32_t at[chunk];
    float fx[chunk], fy[chunk];
    const auto w = static_cast<std::int32_t>(p.width), h = static_cast<std::int32_t>(p.height), s = static_cast<std::int32_t>(stride);
    for (index i = 0; i < p.height; ++i)
        for (index begin = 0; begin < p.width; begin += chunk) {
            const int n = static_cast<int>(p.width - begin < chunk ? p.width - begin : chunk);
            const double u0 = column(i, begin) + 1, v0 = row(i, begin) + 1;  // within the frame
            for (int k = 0; k < n; k += lanes) {  // up to a whole number of lanes: there is room
                const auto inside = [](D v, int last) { return select(v > D(0), select(v < D(last), v, D(last)), D(0)); };  // NaN becomes 0
                const D u = inside(D(u0) + D(m[0]) * (step + D(k)), w + 1), v = inside(D(v0) + D(m[3]) * (step + D(k)), h + 1);
                const I b = min(convert<std::int32_t>(u), I(w)), a = min(convert<std::int32_t>(v), I(h));
                convert<float>(u - convert<double>(b)).store(fx + k), convert<float>(v - convert<double>(a)).store(fy + k);
                (a * I(s) + b).store(at + k);
            }
            for (index c = 0; c < p.channels; ++c) {
                float* const ETTA_RESTRICT to = x.values.data() + (c * p.height + i) * p.width + begin;
                const float* const ETTA_RESTRICT from = x.spare.data() + c * plane;
                for (int k = 0; k < n; ++k) {
                    const std::int32_t q = at[k];
                    const float above = from[q] + fx[k] * (from[q + 1] - from[q]), below = from[q + s] + fx[k] * (from[q + s + 1] - from[q + s]);
                    to[k] = above + fy[k] * (below - above);
                }
            }
        }
}

// How one axis of n becomes m by straight lines: every new place is a weighted mean of `most` neighbours or fewer. With antialias, and
// where the axis shrinks, the triangle is as wide as what becomes one pixel.
struct axis_weights {
    index most;
    std::vector<index> first;
    std::vector<float> weight;  // [m, most]

    axis_weights(index n, index m, bool antialias) {
        const double scale = static_cast<double>(n) / static_cast<double>(m), reach = antialias && scale > 1 ? scale : 1;
        most = static_cast<index>(std::ceil(reach)) * 2 + 1;
        weight.resize(static_cast<std::size_t>(m * most));
        for (index i = 0; i < m; ++i) {
            const double centre = scale * (static_cast<double>(i) + 0.5);
            index from = static_cast<index>(centre - reach + 0.5), to = static_cast<index>(centre + reach + 0.5);
            if (centre - reach + 0.5 < 0) from = 0;
            if (to > n) to = n;
            double sum = 0;
            const auto share = [&](index k) {
                const double far = std::fabs((static_cast<double>(k) - centre + 0.5) / reach);
                return far < 1 ? 1 - far : 0;
            };
            for (index k = from; k < to; ++k) sum += share(k);
            first.push_back(from);
            for (index k = from; k < to; ++k) weight[static_cast<std::size_t>(i * most + k - from)] = static_cast<float>(share(k) / sum);
        }
    }
};
// src [outer, n, inner] to dst [outer, m, inner].
template <class Host>
void resample(const float* src, float* dst, index outer, index n, index m, index inner, bool antialias) {
    const axis_weights w(n, m, antialias);
    for (index o = 0; o < outer; ++o)
        for (index i = 0; i < m; ++i) {
            float* const to = dst + (o * m + i) * inner;
            for (index q = 0; q < inner; ++q) to[q] = 0;
            for (index k = 0; k < w.most; ++k) {
                const float share = w.weight[static_cast<std::size_t>(i * w.most + k)];
                const index at = (o * n + w.first[static_cast<std::size_t>(i)] + k) * inner;
                if (share != 0)  // else there may be no such place
                    for (index q = 0; q < inner; ++q) to[q] += share * src[at + q];
            }
        }
}
template <class Host>
void resize(Image& x, index h, index w, Interpolation how, bool antialias, const char* who = "Resize") {
    const planes p = planes_of<Host>(x, who);
    if (h == p.height && w == p.width) return;
    if (how == Interpolation::nearest) {  // PyTorch computes the scale in float
        const float sy = static_cast<float>(p.height) / static_cast<float>(h), sx = static_cast<float>(p.width) / static_cast<float>(w);
        const auto at = [](index i, float scale, index n) {
            const auto k = static_cast<index>(static_cast<float>(i) * scale);
            return k < n ? k : n - 1;
        };
        return gather<Host>(x, p, h, w, 0, [&](index i, index j) { return at(i, sy, p.height) * p.width + at(j, sx, p.width); });
    }
    x.spare.resize(static_cast<std::size_t>(p.channels * p.height * w));
    resample<Host>(x.values.data(), x.spare.data(), p.channels * p.height, p.width, w, 1, antialias);
    x.values.resize(static_cast<std::size_t>(p.channels * h * w));
    resample<Host>(x.spare.data(), x.values.data(), p.channels, p.height, h, w, antialias);
    x.shape.extents[x.shape.rank - 2] = h, x.shape.extents[x.shape.rank - 1] = w;
}
// 0 .. n-1
inline index any_of(random_stream& r, index n) { return static_cast<index>(r.below(static_cast<std::uint64_t>(n))); }
// Python's round: a half goes to the even neighbour.
inline index rounded(double v) { return static_cast<index>(std::nearbyint(v)); }
template <class Host>
bool happens(random_stream& r, double p, const char* who) {
    if (!(p >= 0 && p <= 1)) fail(std::string(who) + ": a probability of " + std::to_string(p) + ", expected 0 .. 1");
    return r.uniform<double>() < p;
}

template <class Host>
struct normalize {
    std::vector<double> mean = {}, std = {};  // one per channel, or one for all
    void operator()(Image& x) const {
        const planes p = planes_of<Host>(x, "Normalize");
        const auto c = static_cast<std::size_t>(p.channels);
        const auto of = [&](const std::vector<double>& v, std::size_t k) { return v[v.size() == 1 ? 0 : k]; };
        if ((mean.size() != c && mean.size() != 1) || (std.size() != c && std.size() != 1))
            fail("Normalize: " + std::to_string(mean.size()) + " means and " + std::to_string(std.size()) + " deviations for " + std::to_string(c) + " channels");
        for (std::size_t k = 0; k < c; ++k) {
            if (!(of(std, k) > 0) || of(mean, k) - of(mean, k) != 0)
                fail("Normalize: channel " + std::to_string(k) + " has mean " + std::to_string(of(mean, k)) + " and deviation " + std::to_string(of(std, k)) + ", expected more than 0");
            const auto m = static_cast<float>(of(mean, k)), s = static_cast<float>(of(std, k));
            float* const v = x.values.data() + static_cast<index>(k) * p.height * p.width;
            for (index i = 0; i < p.height * p.width; ++i) v[i] = (v[i] - m) / s;
        }
    }
};
template <class Host>
struct resize_to {
    Size size = {};  // one number: the shorter edge becomes this long, the other one in proportion
    Interpolation interpolation = Interpolation::bilinear;
    bool antialias = true;
    void operator()(Image& x) const {
        check_size<Host>(size, "Resize");
        const planes p = planes_of<Host>(x, "Resize");
        const index s = size.height, less = p.height < p.width ? p.height : p.width;
        if (!size.one) resize<Host>(x, size.height, size.width, interpolation, antialias);
        else resize<Host>(x, p.height == less ? s : s * p.height / less, p.width == less ? s : s * p.width / less, interpolation, antialias);
    }
};
template <class Host>
struct center_crop {
    Size size = {};  // what is outside is 0
    void operator()(Image& x) const {
        check_size<Host>(size, "CenterCrop");
        const planes p = planes_of<Host>(x, "CenterCrop");
        const auto begin = [](index n, index m) { return m > n ? -((m - n) / 2) : rounded(static_cast<double>(n - m) / 2); };
        window<Host>(x, p, begin(p.height, size.height), begin(p.width, size.width), size.height, size.width);
    }
};
template <class Host>
struct random_crop {
    Size size = {};
    index padding = 0;  // on all four sides, before the crop
    bool pad_if_needed = false;
    double fill = 0;
    Padding padding_mode = Padding::constant;
    void operator()(Image& x, random_stream& r) const {
        check_size<Host>(size, "RandomCrop");
        const planes p = planes_of<Host>(x, "RandomCrop");
        const auto begin = [&](index n, index m) {
            index pad = padding;
            if (pad_if_needed && n + 2 * pad < m) pad = m - n - pad;  // torchvision's: so much more on both sides
            const index room = n + 2 * pad - m;
            if (pad < 0 || room < 0) fail("RandomCrop: " + std::to_string(m) + " pixels of " + std::to_string(n) + " with a padding of " + std::to_string(padding));
            return any_of(r, room + 1) - pad;
        };
        const index top = begin(p.height, size.height), left = begin(p.width, size.width);
        window<Host>(x, p, top, left, size.height, size.width, fill, padding_mode);
    }
};
template <class Host, bool Horizontal>
struct random_flip {
    double p = 0.5;
    void operator()(Image& x, random_stream& r) const {
        constexpr const char* who = Horizontal ? "RandomHorizontalFlip" : "RandomVerticalFlip";
        const planes q = planes_of<Host>(x, who);
        if (!happens<Host>(r, p, who)) return;
        gather<Host>(x, q, q.height, q.width, 0, [&](index i, index j) { return Horizontal ? i * q.width + q.width - 1 - j : (q.height - 1 - i) * q.width + j; });
    }
};
template <class Host>
struct fixed_affine {
    double angle = 0;                       // degrees, clockwise
    double translate_x = 0, translate_y = 0;  // pixels
    double scale = 1, shear_x = 0, shear_y = 0;
    Interpolation interpolation = Interpolation::nearest;
    double fill = 0;
    void operator()(Image& x) const {
        if (!(scale > 0)) fail("Affine: scale " + std::to_string(scale) + ", expected more than 0");
        warp<Host>(x, planes_of<Host>(x, "Affine"), inverse_affine(angle, translate_x, translate_y, scale, shear_x, shear_y), interpolation, fill);
    }
};
template <class Host>
struct random_rotation {
    Range degrees = {};  // counter-clockwise
    Interpolation interpolation = Interpolation::nearest;
    double fill = 0;
    void operator()(Image& x, random_stream& r) const {
        warp<Host>(x, planes_of<Host>(x, "RandomRotation"), inverse_affine(-degrees.draw(r, "RandomRotation: degrees"), 0, 0, 1, 0, 0), interpolation, fill);
    }
};
template <class Host>
struct random_affine {
    Range degrees = {};
    double translate[2] = {0, 0};  // parts of the width and of the height, 0 .. 1
    Range scale = {1, 1};
    Range shear = {0, 0}, shear_y = {0, 0};  // degrees, along x and y
    Interpolation interpolation = Interpolation::nearest;
    double fill = 0;
    void operator()(Image& x, random_stream& r) const {
        const planes p = planes_of<Host>(x, "RandomAffine");
        for (const double t : translate)
            if (!(t >= 0 && t <= 1)) fail("RandomAffine: a translation by " + std::to_string(t) + " of the image, expected 0 .. 1");
        if (!(scale.from > 0 && scale.to > 0)) fail("RandomAffine: scales from " + std::to_string(scale.from) + " to " + std::to_string(scale.to));
        const double angle = degrees.draw(r, "RandomAffine: degrees");
        const double tx = std::nearbyint(Range(translate[0] * static_cast<double>(p.width)).draw(r)), ty = std::nearbyint(Range(translate[1] * static_cast<double>(p.height)).draw(r));
        const double s = scale.draw(r, "RandomAffine: scale"), sx = shear.draw(r, "RandomAffine: shear"), sy = shear_y.draw(r, "RandomAffine: shear_y");
        warp<Host>(x, p, inverse_affine(angle, tx, ty, s, sx, sy), interpolation, fill);
    }
};
template <class Host>
void erase(Image& x, const planes& p, index top, index left, index h, index w, float value) {
    for (index c = 0; c < p.channels; ++c)
        for (index i = top; i < top + h; ++i)
            for (index j = left; j < left + w; ++j) x.values[static_cast<std::size_t>((c * p.height + i) * p.width + j)] = value;
}
template <class Host>
struct random_erasing {
    double p = 0.5;
    Range scale = {0.02, 0.33};  // of the image's area
    Range ratio = {0.3, 3.3};    // height by width
    double value = 0;
    void operator()(Image& x, random_stream& r) const {
        const planes q = planes_of<Host>(x, "RandomErasing");
        if (!(scale.from >= 0 && scale.to <= 1 && ratio.from > 0 && ratio.to > 0)) fail("RandomErasing: scale is a part of the image, 0 .. 1, ratio more than 0");
        if (!happens<Host>(r, p, "RandomErasing")) return;
        for (int attempt = 0; attempt < 10; ++attempt) {
            const double area = static_cast<double>(q.height * q.width) * scale.draw(r, "RandomErasing: scale");
            const double aspect = std::exp(Range(std::log(ratio.from), std::log(ratio.to)).draw(r, "RandomErasing: the logarithm of ratio"));
            const index h = rounded(std::sqrt(area * aspect)), w = rounded(std::sqrt(area / aspect));
            if (h >= q.height || w >= q.width) continue;
            const index top = any_of(r, q.height - h + 1), left = any_of(r, q.width - w + 1);
            return erase<Host>(x, q, top, left, h, w, static_cast<float>(value));
        }
    }
};
template <class Host>
struct cutout {
    Size size = {};      // of a hole, whose centre is any pixel: parts of it may be outside
    int holes = 1;
    double value = 0;
    void operator()(Image& x, random_stream& r) const {
        check_size<Host>(size, "Cutout");
        const planes p = planes_of<Host>(x, "Cutout");
        for (int k = 0; k < holes; ++k) {
            const auto part = [&](index n, index m, index& begin) {
                const index at = any_of(r, n) - m / 2, end = at + m < n ? at + m : n;
                begin = at < 0 ? 0 : at;
                return end - begin;
            };
            index top, left;
            const index h = part(p.height, size.height, top), w = part(p.width, size.width, left);
            erase<Host>(x, p, top, left, h, w, static_cast<float>(value));
        }
    }
};
// Clips to 0 .. 1 unless .clip = false, as torchvision's: images that are not 0 .. 1 (bytes that were not scaled, or what was normalised)
// would be lost by that, and are an error.
template <class Host>
struct gaussian_noise {
    double mean = 0, sigma = 0.1;
    bool clip = true;
    void operator()(Image& x, random_stream& r) const {
        if (!(sigma >= 0)) fail("GaussianNoise: sigma " + std::to_string(sigma) + ", expected 0 or more");
        const auto outside = [](float v) { return !(v >= -1e-5f && v <= 1 + 1e-5f); };  // more than by rounding
        int any_outside = 0;
        for (const float v : x.values) any_outside |= outside(v);
        for (std::size_t i = 0; clip && any_outside != 0; ++i)
            if (const float v = x.values[i]; outside(v)) fail("GaussianNoise clips to 0 .. 1, and this image has a value of " + std::to_string(v) + ": scale it first, or pass .clip = false");
        // By lanes, with Box and Muller's method: noise was the dearest of all transforms, and takes a tenth of the time that way. What is
        // drawn for element i is a function of this key and of i.
        constexpr int n = 16;
        using F = lane<float, n, this_target>;
        using I = lane<std::int32_t, n, this_target>;
        using W = lane<std::int64_t, n, this_target>;
        const W key(static_cast<std::int64_t>(r.next64()));
        constexpr std::int32_t steps[n] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
        const I step = I::load(steps);
        const auto unit = [](auto word) { return convert<float>((bit_cast_lane<std::int32_t>(word) >> 8) & I(0xFFFFFF)); };  // 2^24 times 0 .. 1
        const auto add = [&](std::size_t at, F normal) {
            if (at >= x.values.size()) return;
            const int left = static_cast<int>(x.values.size() - at < n ? x.values.size() - at : n);
            F v = F::load(x.values.data() + at, left) + F(static_cast<float>(mean)) + F(static_cast<float>(sigma)) * normal;
            if (clip) v = select(v < F(0), F(0), select(v > F(1), F(1), v));
            v.store(x.values.data() + at, left);
        };
        for (std::size_t i = 0, block = 0; i < x.values.size(); i += 2 * n, block += n) {
            const auto bits = philox(key, W(static_cast<std::int64_t>(block >> 31)), step + I(static_cast<std::int32_t>(block & 0x7FFFFFFF)));
            const F radius = sqrt(log((unit(bits.word[0]) + F(1)) * F(0x1p-24f)) * F(-2));
            const F angle = unit(bits.word[1]) * F(static_cast<float>(6.283185307179586 * 0x1p-24));
            add(i, radius * cos(angle)), add(i + n, radius * sin(angle));
        }
    }
};

// One of several, with these probabilities (which need not add up to 1), or all with the same.
template <class Subject, class Host>
struct random_choice {
    std::vector<etta::_::any_transform<Subject>> transforms = {};
    std::vector<double> p = {};
    void operator()(Subject& x, random_stream& r) const {
        double sum = 0;
        for (const double v : p) {
            if (!(v >= 0)) fail("RandomChoice: a probability of " + std::to_string(v) + ", expected 0 or more");
            sum += v;
        }
        if (transforms.empty() || (!p.empty() && (p.size() != transforms.size() || !(sum > 0))))
            fail("RandomChoice: " + std::to_string(transforms.size()) + " transforms and " + std::to_string(p.size()) + " probabilities");
        std::size_t k = 0;
        if (p.empty()) k = static_cast<std::size_t>(any_of(r, static_cast<index>(transforms.size())));
        else
            for (double u = r.uniform<double>() * sum - p[0]; u >= 0 && k + 1 < p.size(); u -= p[k]) ++k;
        transforms[k](x, r);
    }
};
template <class Subject, class Host>
struct random_apply {
    etta::_::any_transform<Subject> transform = {};
    double p = 0.5;
    void operator()(Subject& x, random_stream& r) const {
        if (happens<Host>(r, p, "RandomApply")) transform(x, r);
    }
};
struct chain {
    std::vector<Transform> transforms;
    chain(std::initializer_list<Transform> all) : transforms(all) {}
    void operator()(Image& x, random_stream& r) const {
        for (const Transform& t : transforms) t(x, r);
    }
};

// log of a number with the gamma distribution of this shape (Marsaglia and Tsang 2000; below 1: times u^(1/shape)).
template <class Host>
double log_gamma_number(random_stream& r, double shape) {
    if (shape < 1) {
        const double u = 1 - r.uniform<double>();
        return log_gamma_number<Host>(r, shape + 1) + std::log(u) / shape;
    }
    const double d = shape - 1.0 / 3, c = 1 / (3 * std::sqrt(d));
    for (;;) {
        const double x = r.normal<double>(), v = 1 + c * x, u = 1 - r.uniform<double>();
        if (v > 0 && std::log(u) < 0.5 * x * x + d - d * v * v * v + 3 * d * std::log(v)) return std::log(d) + 3 * std::log(v);
    }
}
template <class Host>
double beta_number(random_stream& r, double alpha, const char* who) {
    if (!(alpha > 0)) fail(std::string(who) + ": alpha " + std::to_string(alpha) + ", expected more than 0");
    const double a = log_gamma_number<Host>(r, alpha), b = log_gamma_number<Host>(r, alpha);
    return 1 / (1 + std::exp(b - a));
}
// f(sample's, its neighbour's) for the numbers of each sample: the neighbour is the sample before it, of the first one the last, as
// they were.
template <class T, class F>
void with_neighbours(T* x, index n, index count, F f) {
    const std::vector<T> last(x + (n - 1) * count, x + n * count);
    for (index i = n; i-- > 0;) f(x + i * count, i > 0 ? static_cast<const T*>(x + (i - 1) * count) : last.data());
}
// share x + (1 - share) x'
template <class Host, class T>
void blend(T* x, index n, index count, double share) {
    with_neighbours(x, n, count, [&](T* mine, const T* other) {
        for (index k = 0; k < count; ++k) mine[k] = static_cast<T>(share) * mine[k] + static_cast<T>(1 - share) * other[k];
    });
}
template <class Host>
void blend_any(void* p, dtype type, index n, index count, double share) {
    if (type == dtype::f64) blend<Host>(static_cast<double*>(p), n, count, share);
    else blend<Host>(static_cast<float*>(p), n, count, share);
}
template <class Host>
void check_mixed(const BatchData& b, const char* who) {
    if (b.x_type == dtype::i32) fail(std::string(who) + ": samples of ids cannot be mixed");
    if (b.y_type == dtype::i32) fail(std::string(who) + ": labels cannot be mixed: give the data targets, data.one_hot(), and the model SoftCrossEntropy");
}
template <class Host>
struct mix_up {
    double alpha = 1;
    void operator()(BatchData& b, random_stream& r) const {
        check_mixed<Host>(b, "MixUp");
        const double share = beta_number<Host>(r, alpha, "MixUp");
        blend_any<Host>(b.x, b.x_type, b.n, b.x_shape.count(), share);
        if (b.y_type != dtype::none) blend_any<Host>(b.y, b.y_type, b.n, b.y_shape.count(), share);
    }
};
template <class Host>
struct cut_mix {
    double alpha = 1;
    void operator()(BatchData& b, random_stream& r) const {
        check_mixed<Host>(b, "CutMix");
        const planes p = planes_of<Host>({b.x_shape, {}}, "CutMix");
        const double share = beta_number<Host>(r, alpha, "CutMix");
        const double half = 0.5 * std::sqrt(1 - share);
        const auto part = [&](index n, index& begin, index& end) {
            const index at = any_of(r, n), reach = static_cast<index>(half * static_cast<double>(n));
            begin = at - reach > 0 ? at - reach : 0, end = at + reach < n ? at + reach : n;
        };
        index left, right, top, bottom;
        part(p.width, left, right);
        part(p.height, top, bottom);
        const auto cut = [&](auto* x) {
            with_neighbours(x, b.n, p.channels * p.height * p.width, [&](auto* mine, const auto* other) {
                for (index c = 0; c < p.channels; ++c)
                    for (index i = top; i < bottom; ++i)
                        for (index j = left; j < right; ++j) mine[(c * p.height + i) * p.width + j] = other[(c * p.height + i) * p.width + j];
            });
        };
        if (b.x_type == dtype::f64) cut(static_cast<double*>(b.x));
        else cut(static_cast<float*>(b.x));
        const double kept = 1 - static_cast<double>((right - left) * (bottom - top)) / static_cast<double>(p.height * p.width);
        if (b.y_type != dtype::none) blend_any<Host>(b.y, b.y_type, b.n, b.y_shape.count(), kept);
    }
};

}  // namespace _

// (x - mean) / std, channel by channel: Normalize{.mean = {0.1307}, .std = {0.3081}}.
using Normalize = _::normalize<_::this_host>;
// Resize{.size = {32, 32}}; Resize{.size = 32}: the shorter edge. Bilinear with antialias as in torchvision; without it, and nearest,
// as torch.nn.functional.interpolate(align_corners = False).
using Resize = _::resize_to<_::this_host>;
// CenterCrop{.size = 28}: what an image lacks is 0.
using CenterCrop = _::center_crop<_::this_host>;
// RandomCrop{.size = 32, .padding = 4}. Fails where the padded image is smaller, unless pad_if_needed.
using RandomCrop = _::random_crop<_::this_host>;
using RandomHorizontalFlip = _::random_flip<_::this_host, true>;  // with probability .p = 0.5
using RandomVerticalFlip = _::random_flip<_::this_host, false>;
// RandomRotation{.degrees = 10}: -10 to 10, about the centre; {.degrees = {0, 90}}.
using RandomRotation = _::random_rotation<_::this_host>;
// RandomAffine{.degrees = 10, .translate = {0.1, 0.1}, .scale = {0.9, 1.1}, .shear = 5}: shear along x, .shear_y along y.
// Translations are whole pixels.
using RandomAffine = _::random_affine<_::this_host>;
// Not random: Affine{.angle = 30, .translate_x = 2}, torchvision.transforms.functional.affine.
using Affine = _::fixed_affine<_::this_host>;
// A rectangle of `value`: Zhong et al. 2017. Where ten draws do not fit into the image, nothing.
using RandomErasing = _::random_erasing<_::this_host>;
// Squares of `value`: DeVries and Taylor 2017. Cutout{.size = 8}.
using Cutout = _::cutout<_::this_host>;
// x + mean + sigma N(0, 1), clipped to 0 .. 1 unless .clip = false. With clipping, an image with values outside of 0 .. 1 is an error.
using GaussianNoise = _::gaussian_noise<_::this_host>;
// One after another: Compose{A{}, B{}, [](etta::Image& x) { … }}.
using Compose = _::chain;
// RandomApply{.transform = A{}, .p = 0.5}; RandomChoice{.transforms = {A{}, B{}}, .p = {0.3, 0.7}}.
using RandomApply = _::random_apply<Image, _::this_host>;
using RandomChoice = _::random_choice<Image, _::this_host>;

// Of whole batches, BatchOptions' and FitOptions' `mix`; targets, not labels (Dataset::one_hot). Each sample is mixed with the one
// before it in the batch, the first with the last: x = s x + (1 - s) x', y alike, s drawn per batch from Beta(alpha, alpha). Zhang et
// al. 2018.
using MixUp = _::mix_up<_::this_host>;
// A rectangle of each image is that of its neighbour, and so large a part of the target. Yun et al. 2019.
using CutMix = _::cut_mix<_::this_host>;
using RandomBatchApply = _::random_apply<BatchData, _::this_host>;
using RandomBatchChoice = _::random_choice<BatchData, _::this_host>;

}  // namespace etta::transforms
