// loader.hpp: a data set in batches, for a loop of one's own and for Trainer: the samples' x and y side by side in buffers
// that are allocated once.
//
//     for (auto&& [x, y] : etta::batches(train, 64, {.shuffle = etta::seed(1)})) …
#pragma once

#include <cstdlib>

#include "../core/any_view.hpp"
#include "dataset.hpp"

namespace etta {

// Written {.shuffle = etta::seed(1)}.
struct shuffle_by {
    bool on = false;
    etta::seed key{0};
    constexpr shuffle_by() = default;
    constexpr shuffle_by(etta::seed s) : on(true), key(s) {}
};

struct batch_options {
    shuffle_by shuffle = {};    // a new order in every epoch, from this seed; without it, the data set's order
    bool drop_last = false;     // leave out a last batch that is not full
    dtype type = dtype::f32;    // of x (unless that is ids) and of targets: f32 or f64
    // Instead of all samples once: so many batches per epoch, full ones, of samples drawn at random by shuffle's seed. For data
    // whose every sample no run will see, such as all windows of a text.
    index steps = 0;
};

// Where loops over batches stand: the epoch and the batch that come next, and of what order. Batches with the same order
// can be taken up there.
struct loader_position {
    std::uint64_t epoch = 0;
    index batch = 0;
    index samples = 0, batch_size = 0, steps = 0;
    shuffle_by shuffle = {};
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
        const batch& operator*() const { return owner->current_; }
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
    static Batches make(const Dataset& data, index batch_size, const batch_options& options) {
        if (batch_size < 1) fail("batches of " + std::to_string(batch_size) + " samples");
        if (!is_floating(options.type))
            fail("batches of " + std::string(name_of(options.type)) + ": float or double expected");
        if (options.steps > 0 && !options.shuffle.on) fail("batches drawn at random need a seed: {.shuffle = etta::seed(1)}");
        Batches b;
        b.data_ = data;
        b.per_batch_ = batch_size < data.size() || options.steps > 0 ? batch_size : data.size();
        b.options_ = options;
        b.count_ = data.size() == 0        ? 0
                   : options.steps > 0     ? options.steps
                   : options.drop_last     ? data.size() / batch_size
                                           : (data.size() + batch_size - 1) / batch_size;
        b.batch_size_ = batch_size;
        const index element = size_of(options.type);
        b.x_ = room<Host>(b.per_batch_ * data.x_shape().count() * element);
        b.y_ = room<Host>(data.has_targets() ? b.per_batch_ * data.y_shape().count() * element
                          : data.has_labels() ? b.per_batch_ * data.y_shape().count() * index{sizeof(std::int32_t)}
                                              : 0);
        return b;
    }
    Batches(Batches&& other) noexcept
        : data_(other.data_), options_(other.options_), batch_size_(other.batch_size_), per_batch_(other.per_batch_),
          count_(other.count_), first_(other.first_), next_(other.next_), epoch_(other.epoch_), x_(other.x_), y_(other.y_), current_(other.current_),
          order_(static_cast<std::vector<index>&&>(other.order_)) {
        other.x_ = other.y_ = nullptr;
    }
    Batches& operator=(Batches&&) = delete;
    ~Batches() {
        std::free(x_);
        std::free(y_);
    }

    index size() const { return count_; }  // batches per epoch
    // What the next loop is: its order depends on the seed and on this number. Every loop adds one.
    void epoch(std::uint64_t e) { epoch_ = e; }

    // What comes after the batch that a loop holds now.
    loader_position position() const {
        loader_position p{epoch_, first_, data_.size(), batch_size_, options_.steps, options_.shuffle};
        if (next_ > 0 && next_ < count_) p.epoch = epoch_ - 1, p.batch = next_;
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
        if (p.batch < 0 || p.batch >= count_) fail("the loader cannot go on at batch " + std::to_string(p.batch) + " of " + std::to_string(count_));
        epoch_ = p.epoch, first_ = p.batch, next_ = 0;
    }

    template <class Host = _::this_host>
    iterator<Host> begin() {
        if (options_.steps == 0) {
            order_.resize(static_cast<std::size_t>(data_.size()));
            for (std::size_t i = 0; i < order_.size(); ++i) order_[i] = static_cast<index>(i);
            if (options_.shuffle.on) shuffle(order_, options_.shuffle.key, epoch_);
        }
        ++epoch_;
        const index first = first_;
        first_ = 0;
        go_to<Host>(first);
        return {this, first};
    }
    sentinel end() const { return {}; }

  private:
    Batches() = default;

    // 64-byte aligned, in whole cache lines, zeroed.
    template <class Host>
    static void* room(index bytes) {
        if (bytes == 0) return nullptr;
        const std::size_t size = (static_cast<std::size_t>(bytes) + 63) / 64 * 64;
        void* memory = std::aligned_alloc(64, size);
        if (memory == nullptr) fail("no memory for a batch of " + std::to_string(size) + " bytes");
        std::memset(memory, 0, size);
        return memory;
    }

    template <class Host>
    void go_to(index number) {
        if (number < count_) fill<Host>(number);
        next_ = number + 1;
    }
    // Batch `number` into the buffers.
    template <class Host>
    void fill(index number) {
        const index first = number * batch_size_;
        const index n = options_.steps == 0 && data_.size() - first < batch_size_ ? data_.size() - first : batch_size_;
        if (options_.type == dtype::f64) fill_as<double, Host>(first, n);
        else fill_as<float, Host>(first, n);
        view(current_.x, x_, data_.has_ids() ? dtype::i32 : options_.type, n, data_.x_shape());
        if (data_.has_targets()) view(current_.y, y_, options_.type, n, data_.y_shape());
        else if (data_.has_labels()) view(current_.y, y_, dtype::i32, n, data_.y_shape());
    }
    // The k-th sample of the epoch: a function of (seed, epoch, k) where samples are drawn. (n divides 2^64 to 1 part in 2^64/n.)
    index sample(index k) const {
        if (options_.steps == 0) return order_[static_cast<std::size_t>(k)];
        return static_cast<index>(philox(options_.shuffle.key, epoch_ - 1, static_cast<std::uint64_t>(k)).low() % static_cast<std::uint64_t>(data_.size()));
    }
    template <class T, class Host>
    void fill_as(index first, index n) {
        const index x_count = data_.x_shape().count(), y_count = data_.y_shape().count();
        T* x = static_cast<T*>(x_);
        for (index k = 0; k < n; ++k) {
            const index i = sample(first + k);
            if (data_.has_ids()) data_.copy_ids<Host>(i, static_cast<std::int32_t*>(x_) + k * x_count);
            else data_.copy_x<T, Host>(i, x + k * x_count);
            if (data_.has_targets()) data_.copy_y<T, Host>(i, static_cast<T*>(y_) + k * y_count);
            else if (data_.has_labels()) data_.copy_labels<Host>(i, static_cast<std::int32_t*>(y_) + k * y_count);
        }
    }
    static void view(any_view& v, const void* data, dtype type, index n, const dims& shape) {
        v.data = data;
        v.type = type;
        v.rank = 1 + shape.rank;
        v.extents[0] = n;
        for (int k = 0; k < shape.rank; ++k) v.extents[k + 1] = shape[k];
    }

    Dataset data_;
    batch_options options_;
    index batch_size_ = 0, per_batch_ = 0, count_ = 0;
    index first_ = 0, next_ = 0;  // where the next loop begins; the batch after the one in the buffers
    std::uint64_t epoch_ = 0;
    void *x_ = nullptr, *y_ = nullptr;
    batch current_;
    std::vector<index> order_;
};

// The samples of `data`, `batch_size` at a time; the last batch has what is left.
template <class Host = _::this_host>
Batches batches(const Dataset& data, index batch_size, const batch_options& options = {}) {
    return Batches::make<Host>(data, batch_size, options);
}

}  // namespace etta
