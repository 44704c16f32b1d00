// loader.hpp: a data set in batches, for a loop of one's own and for Trainer: the samples' x and y side by side in buffers
// that are allocated once.
//
//     for (auto&& [x, y] : etta::batches(train, 64, {.shuffle = etta::seed(1)})) …
#pragma once

#include <cstdlib>

#include "../core/any_view.hpp"
#include "../io/sort.hpp"
#include "dataset.hpp"

namespace etta {

// Written {.shuffle = etta::seed(1)}.
struct shuffle_by {
    bool on = false;
    etta::seed key{0};
    constexpr shuffle_by() = default;
    constexpr shuffle_by(etta::seed s) : on(true), key(s) {}
};

// Draws samples by weight: PyTorch's WeightedRandomSampler. Weights of the data set's samples in its order, 0 or more, not all 0; they
// need not add up to 1. num_samples per epoch, 0: as many as the data set has. Without replacement no sample comes twice in an epoch,
// and the heavy ones come earlier: Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006.
struct WeightedRandomSampler {
    std::vector<double> weights;
    index num_samples = 0;
    bool replacement = true;

    WeightedRandomSampler() {}  // none
    // Pointers to what it does, so that only programs that use one compile it.
    template <class Host = _::this_host>
    WeightedRandomSampler(std::vector<double> weights, index num_samples = 0, bool replacement = true)
        : weights(static_cast<std::vector<double>&&>(weights)), num_samples(num_samples), replacement(replacement), prepare_(&prepare<Host>), order_(&order<Host>), draw_(&draw<Host>) {}

    // By the loader alone.
    struct state {
        std::vector<double> sums = {};  // of the weights up to each sample, for drawing with replacement
        index samples = 0;              // per epoch
        std::uint64_t name = 0;         // stands for the weights and the rest; 0: there is no sampler
    };
    void (*prepare_)(const WeightedRandomSampler&, index size, state&) = nullptr;
    void (*order_)(const WeightedRandomSampler&, index samples, seed, std::uint64_t epoch, std::vector<index>&) = nullptr;
    index (*draw_)(const WeightedRandomSampler&, const state&, std::uint64_t bits) = nullptr;

  private:
    template <class Host>
    static void prepare(const WeightedRandomSampler& s, index size, state& to) {
        if (static_cast<index>(s.weights.size()) != size)
            fail("the sampler has " + std::to_string(s.weights.size()) + " weights, the data set " + std::to_string(size) + " samples");
        if (s.num_samples < 0) fail("a sampler of " + std::to_string(s.num_samples) + " samples");
        to.samples = s.num_samples > 0 ? s.num_samples : size;
        double sum = 0;
        index drawable = 0;
        std::uint64_t hash = 0xCBF29CE484222325u ^ static_cast<std::uint64_t>(to.samples) << 1 ^ static_cast<std::uint64_t>(s.replacement);  // FNV-1a of the weights
        for (const double w : s.weights) {
            if (!(w >= 0 && w < __builtin_huge_val())) fail("the sampler has weight " + std::to_string(w) + ", expected 0 or more");
            drawable += w > 0;
            hash = (hash ^ __builtin_bit_cast(std::uint64_t, w)) * 0x100000001B3u;
            to.sums.push_back(sum += w);
        }
        to.name = hash | 1;
        if (!(sum > 0 && sum < __builtin_huge_val())) fail("the sampler's weights add up to " + std::to_string(sum));
        if (s.replacement) return;
        to.sums.clear();
        if (to.samples > drawable)
            fail("a sampler without replacement cannot draw " + std::to_string(to.samples) + " samples: " + std::to_string(drawable) + " have a weight above 0");
    }
    // The samples with the smallest of n exponential numbers, divided by their weights, in that order.
    template <class Host>
    static void order(const WeightedRandomSampler& s, index samples, seed key, std::uint64_t epoch, std::vector<index>& to) {
        struct one {
            double at;
            index sample;
        };
        std::vector<one> all;
        for (std::size_t i = 0; i < s.weights.size(); ++i) {
            const double u = 1 - to_unit_double(philox(key, epoch, i).low());  // not 0
            if (s.weights[i] > 0) all.push_back({-__builtin_log(u) / s.weights[i], static_cast<index>(i)});
        }
        _::sort(all.data(), all.size(), [](const one& a, const one& b) { return a.at < b.at || (a.at == b.at && a.sample < b.sample); });
        to.clear();
        for (std::size_t k = 0; k < static_cast<std::size_t>(samples); ++k) to.push_back(all[k].sample);
    }
    template <class Host>
    static index draw(const WeightedRandomSampler& s, const state& of, std::uint64_t bits) {
        const double u = to_unit_double(bits) * of.sums.back();
        std::size_t i = _::lower_bound(of.sums.data(), of.sums.size(), u, [](double sum, double u) { return sum <= u; });
        if (i == of.sums.size()) --i;  // u was rounded up to the sum
        while (s.weights[i] == 0) --i;
        return static_cast<index>(i);
    }
};

// Who fills batches while others are worked on: etta::prefetch() of prefetch.hpp. Without one a batch is filled when it is asked for.
// Function pointers, so that threads come in with that header only.
struct batch_worker {
    int depth = 0;  // batches that wait, beside the one that is worked on
    void* (*start)(void (*fill)(void* loader, index batch), void* loader, index first, index end, int depth) = nullptr;
    void (*wait)(void* worker, index batch) = nullptr;  // until it is filled; throws what filling it threw. Earlier ones are done with
    void (*stop)(void* worker) = nullptr;
};

// Who fills the samples of one batch: etta::parallel() of parallel.hpp. Without one, one after another.
struct sample_worker {
    void (*run)(void (*one)(void* work, index k), void* work, index n) = nullptr;
};

struct BatchOptions {
    shuffle_by shuffle = {};    // a new order in every epoch, from this seed; without it, the data set's order
    bool drop_last = false;     // leave out a last batch that is not full
    dtype type = dtype::f32;    // of x (unless that is ids) and of targets: f32 or f64
    // Instead of all samples once: so many batches per epoch, full ones, of samples drawn at random by shuffle's seed. For data
    // whose every sample no run will see, such as all windows of a text.
    index steps = 0;
    WeightedRandomSampler sampler = {};  // draws samples by weight; needs shuffle's seed
    BatchTransform mix = {};             // of whole batches: transforms.hpp's MixUp and CutMix
    batch_worker prefetch = {};          // etta::prefetch(), from <etta/data/prefetch.hpp>: the same batches, filled by a thread
    sample_worker parallel = {};         // etta::parallel(), from <etta/data/parallel.hpp>: the same batches, filled by all threads
};

// Where loops over batches stand: the epoch and the batch that come next, and of what order. Batches with the same order
// can be taken up there.
struct loader_position {
    std::uint64_t epoch = 0;
    index batch = 0;
    index samples = 0, batch_size = 0, steps = 0;
    shuffle_by shuffle = {};
    std::uint64_t sampler = 0;  // tells one sampler from another; 0: none
    bool drop_last = false;
};

// Valid until the loop goes on to the next one.
struct batch {
    any_view x;  // (n, x_shape...), float or double; ids: int32
    any_view y;  // labels: (n) or (n, y_shape...), int32; targets: (n, y_shape...), float or double; neither: type none
};

// The range that batches() gives. Each loop over it is one epoch.
class Batches {
    struct sentinel {};
    template <class Host>
    struct iterator {
        Batches* owner;
        index number;
        const batch& operator*() const { return owner->rooms_[owner->now_].held; }
        iterator& operator++() {
            ++number;
            owner->template go_to<Host>(number);
            return *this;
        }
        bool operator==(sentinel) const { return number >= owner->size(); }
        bool operator!=(sentinel) const { return number < owner->size(); }
    };

  public:
    template <class Host = _::this_host>
    static Batches make(const Dataset& data, index batch_size, const BatchOptions& options) {
        if (batch_size < 1) fail("batches of " + std::to_string(batch_size) + " samples");
        if (!is_floating(options.type))
            fail("batches of " + std::string(name_of(options.type)) + ": float or double expected");
        if (options.steps > 0 && !options.shuffle.on) fail("batches drawn at random need a seed: {.shuffle = etta::seed(1)}");
        Batches b;
        b.data_ = data;
        b.options_ = options;
        b.samples_ = data.size();
        if (const WeightedRandomSampler& s = b.options_.sampler; s.prepare_ != nullptr) {
            if (!options.shuffle.on) fail("a sampler needs a seed: {.shuffle = etta::seed(1)}");
            if (!s.replacement && options.steps > 0) fail("a sampler without replacement, and a number of steps");
            s.prepare_(s, data.size(), b.sampler_);
            b.samples_ = b.sampler_.samples;
        }
        if (options.steps > 0) b.samples_ = data.size() == 0 ? 0 : options.steps * batch_size;
        const index most = batch_size < b.samples_ ? batch_size : b.samples_;
        b.count_ = options.drop_last ? b.samples_ / batch_size : (b.samples_ + batch_size - 1) / batch_size;
        b.batch_size_ = batch_size;
        const index element = size_of(options.type);
        const index y = data.has_targets() ? data.y_shape().count() * element : data.has_labels() ? data.y_shape().count() * index{sizeof(std::int32_t)} : 0;
        for (int k = 0; k <= options.prefetch.depth; ++k)
            b.rooms_.push_back({memory<Host>(most * data.x_shape().count() * element), memory<Host>(most * y), memory<Host>(data.has_weights() ? most * element : 0)});
        return b;
    }
    Batches(Batches&& other) noexcept
        : data_((other.halt(), other.data_)), options_(other.options_), batch_size_(other.batch_size_), samples_(other.samples_),
          count_(other.count_), first_(other.first_), next_(other.next_), epoch_(other.epoch_), drawn_epoch_(other.drawn_epoch_), now_(other.now_),
          rooms_(static_cast<std::vector<room>&&>(other.rooms_)), order_(static_cast<std::vector<index>&&>(other.order_)),
          sampler_(static_cast<WeightedRandomSampler::state&&>(other.sampler_)) {
        other.rooms_.clear();
    }
    Batches& operator=(Batches&&) = delete;
    ~Batches() {
        halt();
        for (const room& r : rooms_) std::free(r.x), std::free(r.y), std::free(r.weights);
    }

    index size() const { return count_; }       // batches per epoch
    index samples() const { return samples_; }  // samples per epoch
    // What the next loop is: its order depends on the seed and on this number. Every loop adds one.
    void epoch(std::uint64_t e) { epoch_ = e; }

    // The weights of the samples of the batch that a loop holds now, float or double as x; nullptr where the data set has none.
    const void* weights() const { return rooms_[now_].weights; }

    // The data set's number of the k-th sample of the batch that a loop holds now; -1 where samples are drawn with replacement.
    index sample_of(index k) const { return order_.empty() ? -1 : order_[static_cast<std::size_t>((next_ - 1) * batch_size_ + k)]; }

    // What comes after the batch that a loop holds now.
    loader_position position() const {
        loader_position p{epoch_, first_, data_.size(), batch_size_, options_.steps, options_.shuffle, sampler_.name, options_.drop_last};
        if (next_ > 0 && next_ < count_) p.epoch = epoch_ - 1, p.batch = next_;
        return p;
    }
    // The same, but behind an epoch's last batch that epoch's end, and not the next one's beginning: a loop that goes on there has no batch.
    loader_position place() const {
        loader_position p = position();
        if (next_ == count_) p.epoch = epoch_ - 1, p.batch = count_;
        return p;
    }
    // The next loop begins there. Fails if these batches are others: of another size, another number of samples, another seed.
    template <class Host = _::this_host>
    void resume(const loader_position& p) {
        const auto same = [](const char* what, std::uint64_t there, std::uint64_t here) {
            if (there != here)
                fail(std::string("the loader cannot go on from there: ") + what + " was " + std::to_string(there) + ", here it is " + std::to_string(here));
        };
        same("the number of samples", static_cast<std::uint64_t>(p.samples), static_cast<std::uint64_t>(data_.size()));
        same("the batch", static_cast<std::uint64_t>(p.batch_size), static_cast<std::uint64_t>(batch_size_));
        same("the number of batches drawn per epoch", static_cast<std::uint64_t>(p.steps), static_cast<std::uint64_t>(options_.steps));
        same("shuffling (0: no, 1: yes)", p.shuffle.on, options_.shuffle.on);
        same("the shuffles' seed", p.shuffle.key.value, options_.shuffle.key.value);
        same("the sampler, as a number that stands for its weights,", p.sampler, sampler_.name);
        same("drop_last (0: no, 1: yes)", p.drop_last, options_.drop_last);
        if (p.batch < 0 || p.batch > count_) fail("the loader cannot go on at batch " + std::to_string(p.batch) + " of " + std::to_string(count_));
        epoch_ = p.epoch, first_ = p.batch, next_ = 0;
    }

    // A worker that is still busy with the last loop, because that was left early, ends here.
    template <class Host = _::this_host>
    iterator<Host> begin() {
        halt();
        if (sampler_.name != 0 && sampler_.sums.empty()) {
            options_.sampler.order_(options_.sampler, samples_, options_.shuffle.key, epoch_, order_);
        } else if (options_.steps == 0 && sampler_.name == 0) {
            order_.resize(static_cast<std::size_t>(data_.size()));
            for (std::size_t i = 0; i < order_.size(); ++i) order_[i] = static_cast<index>(i);
            if (options_.shuffle.on) shuffle(order_, options_.shuffle.key, epoch_);
        }
        drawn_epoch_ = epoch_++;
        const index first = first_;
        first_ = 0;
        if (options_.prefetch.depth > 0 && first < count_)
            worker_ = options_.prefetch.start([](void* loader, index k) { static_cast<Batches*>(loader)->template fill<Host>(k); }, this, first, count_, options_.prefetch.depth);
        go_to<Host>(first);
        return {this, first};
    }
    sentinel end() const { return {}; }

  private:
    // A batch's buffers, and what stands in them.
    struct room {
        void *x = nullptr, *y = nullptr, *weights = nullptr;
        batch held = {};
    };
    Batches() = default;

    // 64-byte aligned, in whole cache lines, zeroed.
    template <class Host>
    static void* memory(index bytes) {
        if (bytes == 0) return nullptr;
        const std::size_t size = (static_cast<std::size_t>(bytes) + 63) / 64 * 64;
        void* memory = std::aligned_alloc(64, size);
        if (memory == nullptr) fail("no memory for a batch of " + std::to_string(size) + " bytes");
        std::memset(memory, 0, size);
        return memory;
    }
    void halt() {
        if (worker_ != nullptr) options_.prefetch.stop(worker_);
        worker_ = nullptr;
    }

    template <class Host>
    void go_to(index number) {
        if (number < count_) {
            if (worker_ != nullptr) options_.prefetch.wait(worker_, number);
            else fill<Host>(number);
            now_ = place_of(number);
        }
        next_ = number + 1;
    }
    std::size_t place_of(index number) const { return static_cast<std::size_t>(number % static_cast<index>(rooms_.size())); }
    // Batch `number` into its buffers; by a worker too: changes nothing else. Batches depend on the seed, the epoch and the number alone.
    template <class Host>
    void fill(index number) {
        room& r = rooms_[place_of(number)];
        const index first = number * batch_size_;
        const index n = samples_ - first < batch_size_ ? samples_ - first : batch_size_;
        if (options_.type == dtype::f64) fill_as<double, Host>(r, first, n);
        else fill_as<float, Host>(r, first, n);
        view(r.held.x, r.x, data_.has_ids() ? dtype::i32 : options_.type, n, data_.x_shape());
        if (data_.has_targets()) view(r.held.y, r.y, options_.type, n, data_.y_shape());
        else if (data_.has_labels()) view(r.held.y, r.y, dtype::i32, n, data_.y_shape());
        if (options_.mix) {
            BatchData b{n, data_.x_shape(), data_.y_shape(), r.held.x.type, r.held.y.type, r.x, r.y};
            random_stream random(options_.shuffle.key, _::batch_stream(drawn_epoch_, number));
            options_.mix(b, random);
        }
    }
    // The k-th sample of the epoch: a function of (seed, epoch, k) where samples are drawn. (n divides 2^64 to 1 part in 2^64/n.)
    index sample(index k) const {
        if (options_.steps == 0 && sampler_.sums.empty()) return order_[static_cast<std::size_t>(k)];
        const std::uint64_t bits = philox(options_.shuffle.key, drawn_epoch_, static_cast<std::uint64_t>(k)).low();
        if (!sampler_.sums.empty()) return options_.sampler.draw_(options_.sampler, sampler_, bits);
        return static_cast<index>(bits % static_cast<std::uint64_t>(data_.size()));
    }
    template <class T, class Host>
    void fill_as(const room& r, index first, index n) {
        struct batch_work {
            const Batches* of;
            const room* to;
            index first;
        } work{this, &r, first};
        const auto one = [](void* w, index k) {
            const auto& b = *static_cast<batch_work*>(w);
            b.of->template fill_sample<T, Host>(*b.to, b.first, k);
        };
        if (options_.parallel.run != nullptr) return options_.parallel.run(one, &work, n);
        for (index k = 0; k < n; ++k) one(&work, k);
    }
    // The batch's k-th sample. A transform's random numbers depend on its place in the epoch, not on the sample: one that is drawn
    // twice comes in two forms.
    template <class T, class Host>
    void fill_sample(const room& r, index first, index k) const {
        const index x_count = data_.x_shape().count(), y_count = data_.y_shape().count(), i = sample(first + k);
        if (data_.has_ids()) data_.copy_ids<Host>(i, static_cast<std::int32_t*>(r.x) + k * x_count);
        else data_.copy_x<T, Host>(i, static_cast<T*>(r.x) + k * x_count, {drawn_epoch_, first + k});
        if (data_.has_targets()) data_.copy_y<T, Host>(i, static_cast<T*>(r.y) + k * y_count);
        else if (data_.has_labels()) data_.copy_labels<Host>(i, static_cast<std::int32_t*>(r.y) + k * y_count);
        if (r.weights != nullptr) static_cast<T*>(r.weights)[k] = static_cast<T>(data_.weight<Host>(i));
    }
    static void view(any_view& v, const void* data, dtype type, index n, const dims& shape) {
        v.data = data;
        v.type = type;
        v.rank = 1 + shape.rank;
        v.extents[0] = n;
        for (int k = 0; k < shape.rank; ++k) v.extents[k + 1] = shape[k];
    }

    Dataset data_;
    BatchOptions options_;
    index batch_size_ = 0, samples_ = 0, count_ = 0;
    index first_ = 0, next_ = 0;  // where the next loop begins; the batch after the one in the buffers
    std::uint64_t epoch_ = 0, drawn_epoch_ = 0;  // the next loop's, this one's
    std::size_t now_ = 0;
    std::vector<room> rooms_;
    std::vector<index> order_;
    WeightedRandomSampler::state sampler_;
    void* worker_ = nullptr;
};

// The samples of `data`, `batch_size` at a time; the last batch has what is left.
template <class Host = _::this_host>
Batches batches(const Dataset& data, index batch_size, const BatchOptions& options = {}) {
    return Batches::make<Host>(data, batch_size, options);
}

}  // namespace etta
