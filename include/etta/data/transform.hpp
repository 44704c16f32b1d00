// transform.hpp: what a Dataset's samples go through on their way into a batch: any callable of an Image, and of random numbers if it
// draws some. Here, and not in transforms.hpp, because Dataset and loader hold them; those of the library are there.
#pragma once

#include <type_traits>
#include <vector>

#include "../core/random.hpp"
#include "../core/shared.hpp"
#include "dims.hpp"

namespace etta {

// One sample: [channels, height, width] or [height, width] for the library's transforms, any shape for one's own. A transform may
// change all of it; there are shape.count() values when it is done.
struct Image {
    dims shape;
    std::vector<float> values;
    std::vector<float> spare = {};  // for transforms that cannot work in place: fill it and swap the two
};

// A batch in the loader's buffers: x of n samples, and their targets or labels.
struct BatchData {
    index n = 0;
    dims x_shape, y_shape;                       // of a sample
    dtype x_type = dtype::f32, y_type = dtype::none;  // y: f32 or f64: targets; i32: labels; none
    void *x = nullptr, *y = nullptr;
};

namespace _ {

// Any callable of Subject&, or of (Subject&, random_stream&). Copies share one object, which several threads may call at a time.
template <class Subject>
class any_transform {
  public:
    any_transform() = default;  // none
    template <class F, class X = std::remove_cvref_t<F>>
        requires(!std::is_same_v<X, any_transform> && (requires(const X& f, Subject& s) { f(s); } ||
                                                       requires(const X& f, Subject& s, random_stream& r) { f(s, r); }))
    any_transform(F&& f) : object_(shared_object::of(X(static_cast<F&&>(f)))), apply_(&apply<X>) {}

    explicit operator bool() const { return apply_ != nullptr; }
    void operator()(Subject& s, random_stream& r) const { apply_(object_.get(), s, r); }

  private:
    template <class X>
    static void apply(const void* object, Subject& s, random_stream& r) {
        const X& f = *static_cast<const X*>(object);
        if constexpr (requires { f(s, r); }) f(s, r);
        else f(s);
    }
    shared_object object_;
    void (*apply_)(const void*, Subject&, random_stream&) = nullptr;
};

// Streams of random numbers that no shuffle uses (those count epochs from 0): of a sample's transforms and of a batch's. Different
// for every epoch, place in it, and transform of a chain.
constexpr std::uint64_t sample_stream(std::uint64_t epoch, index place, std::size_t stage) {
    return std::uint64_t{1} << 63 | static_cast<std::uint64_t>(stage & 7) << 60 | (epoch & 0xFFFFF) << 40 | (static_cast<std::uint64_t>(place) & 0xFFFFFFFFFF);
}
constexpr std::uint64_t batch_stream(std::uint64_t epoch, index batch) {
    return std::uint64_t{1} << 62 | (epoch & 0xFFFFF) << 40 | (static_cast<std::uint64_t>(batch) & 0xFFFFFFFFFF);
}

}  // namespace _

using Transform = _::any_transform<Image>;
using BatchTransform = _::any_transform<BatchData>;

// What random transforms of a sample depend on beside their seed: the epoch, and the sample's place in it.
struct draw {
    std::uint64_t epoch = 0;
    index place = 0;
};

}  // namespace etta
