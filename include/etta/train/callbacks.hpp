// callbacks.hpp: what fit() can be given beside data: {.callbacks = {EarlyStopping{.patience = 5}, CSVLog{"run.csv"}}}. Names and
// defaults are Keras' where it has them, of ReduceOnPlateau PyTorch's. Whatever follows from the history is computed from it, so a
// run that goes on from a checkpoint needs nothing else. They are templates so that programs which do not use them only read them.
#pragma once

#include <csignal>

#include "fit.hpp"

namespace etta {

namespace _ {
// Ends the run when `patience` epochs in a row were no better, by more than min_delta, than the best before them.
template <class Host>
struct early_stopping {
    int patience = 0;
    double min_delta = 0;
    Monitor monitor = {};
    bool restore_best_weights = false;  // the model's parameters and states at the run's end, also by an error, are those of the best epoch
    int start_from_epoch = 0;           // epochs that are not judged; nor are those before the first that has the figure

    // The best epoch so far (from 1; 0: none was judged), and whether to stop.
    struct verdict {
        int best = 0;
        bool stop = false;
    };
    verdict judge(const History& h) const {
        const watched<Host> values(h, monitor);
        verdict v;
        int waited = 0;
        const std::size_t from = static_cast<std::size_t>(start_from_epoch > 0 ? start_from_epoch : 0);
        for (std::size_t i = from > values.first ? from : values.first; i < values.size(); ++i) {
            const bool better = v.best == 0 || values[i] + min_delta < values[static_cast<std::size_t>(v.best - 1)];
            if (better) v.best = static_cast<int>(i) + 1, waited = 0;
            else if (++waited >= patience) v.stop = true;
        }
        return v;
    }
    void on_train_begin(FitEvent& e) { e.stop = e.stop || judge(e.history).stop; }
    void on_epoch_end(FitEvent& e) {
        const verdict v = judge(e.history);
        if (restore_best_weights && v.best == static_cast<int>(e.history.epochs.size())) {
            reserve(e);
            each(e, [](const named_tensor& t, std::byte* kept) { std::memcpy(kept, t.data, t.bytes); });
        }
        e.stop = e.stop || v.stop;
    }
    void on_train_failed(FitEvent& e) { on_train_end(e); }
    void on_train_end(FitEvent& e) {
        if (restore_best_weights && judge(e.history).best > 0 && best_.size() == bytes_of(e))
            each(e, [](const named_tensor& t, std::byte* kept) { std::memcpy(const_cast<std::byte*>(t.data), kept, t.bytes); });
    }
    void append_tensors(FitEvent& e, std::vector<named_tensor>& to, const std::string& prefix) {
        if (!restore_best_weights) return;
        reserve(e);
        each(e, [&](named_tensor t, std::byte* kept) {
            t.name = prefix + "best." + t.name, t.data = kept;
            to.push_back(static_cast<named_tensor&&>(t));
        });
    }

    std::vector<std::byte> best_ = {};  // tensor after tensor

  private:
    static std::size_t bytes_of(FitEvent& e) {
        std::size_t bytes = 0;
        for (const named_tensor& t : e.model()) bytes += t.bytes;
        return bytes;
    }
    void reserve(FitEvent& e) { best_.resize(bytes_of(e)); }
    template <class F>
    void each(FitEvent& e, const F& f) {
        std::size_t at = 0;
        for (const named_tensor& t : e.model()) f(t, best_.data() + at), at += t.bytes;
    }
};
}  // namespace _
using EarlyStopping = _::early_stopping<_::this_host>;

namespace _ {
// torch's ReduceLROnPlateau: the rate is multiplied by `factor` after more than `patience` epochs that were not better than the
// best by the threshold; then `cooldown` epochs are not counted.
template <class Host>
struct reduce_on_plateau {
    double factor = 0.1;
    int patience = 10;
    double threshold = 1e-4;
    bool absolute = false;   // the threshold is a difference, not a part of the best
    int cooldown = 0;
    double min_factor = 0;   // of the rule's rate, in all
    Monitor monitor = {};

    // The factor after these epochs.
    double after(const History& h) const {
        const watched<Host> values(h, monitor);
        double best = 0, f = 1;
        int bad = 0, cool = 0;
        for (std::size_t i = values.first; i < values.size(); ++i) {
            const double size = best < 0 ? -best : best, needed = absolute || size - size != 0 ? threshold : threshold * size;
            if (i == values.first || values[i] < best - needed) best = values[i], bad = 0;
            else ++bad;
            if (cool > 0) --cool, bad = 0;
            if (bad <= patience) continue;
            const double next = f * factor > min_factor ? f * factor : min_factor;
            if (f - next > 1e-8) f = next;
            cool = cooldown, bad = 0;
        }
        return f;
    }
    void on_train_begin(FitEvent& e) const {
        if (!(factor >= 0 && factor < 1)) fail<Host>("ReduceOnPlateau's factor is " + std::to_string(factor) + ", expected 0 to less than 1");
        e.rate_factor *= after(e.history);
    }
    void on_epoch_end(FitEvent& e) const { e.rate_factor *= after(e.history); }
};
}  // namespace _
using ReduceOnPlateau = _::reduce_on_plateau<_::this_host>;

struct SaveOptions {
    bool best_only = false;   // only if this epoch is the best so far, of those that are looked at
    int every = 1;            // looks at every so many-th epoch
    bool checkpoint = false;  // everything that a run goes on from, not the model alone
    Monitor monitor = {};
};
namespace _ {
// Saves the model after epochs, atomically: SaveModel{"best.safetensors", {.best_only = true}}. "{epoch}" in the path becomes the
// epoch's number.
template <class Host>
struct save_model_callback {
    std::string path;
    SaveOptions options = {};

    void on_train_begin(FitEvent& e) const {
        watched<Host>(e.history, options.monitor);  // fails for a name that there is not
        if (path.find("{epoch}") >= path.rfind('/') + 1) check_writable<Host>(path);  // not a folder for each epoch
    }
    void on_epoch_end(FitEvent& e) const {
        if (options.every > 1 && e.epoch % options.every != 0) return;
        const watched<Host> values(e.history, options.monitor);
        const std::size_t last = values.size() - 1, step = static_cast<std::size_t>(options.every > 1 ? options.every : 1);
        for (std::size_t i = step - 1; i < last; i += step)
            if (options.best_only && !(values[last] < values[i])) return;
        std::string p = path;
        if (const std::size_t at = p.find("{epoch}"); at != std::string::npos) p.replace(at, 7, std::to_string(e.epoch));
        if (options.checkpoint) e.save_checkpoint<Host>(p);
        else e.save_model<Host>(p);
    }
};
}  // namespace _
using SaveModel = _::save_model_callback<_::this_host>;

namespace _ {
// The history in a file that is complete after every epoch: History::save_csv.
template <class Host>
struct csv_log {
    std::string path;
    void on_train_begin(FitEvent&) const { check_writable<Host>(path); }
    void on_epoch_end(FitEvent& e) const { e.history.save_csv(path); }
};
}  // namespace _
using CSVLog = _::csv_log<_::this_host>;

namespace _ {
// The rate and the loss of every step; of one that is made of several batches (TrainerOptions::accumulate) the mean of theirs.
template <class Host>
struct step_log {
    struct record {
        long step;
        double rate, loss;
    };
    std::vector<record> records = {};

    void on_train_begin(FitEvent& e) { last_ = e.step, sum_ = counted_ = 0; }
    void on_batch_end(FitEvent& e) {
        sum_ += e.loss * e.counted, counted_ += e.counted;
        if (e.step == last_) return;
        records.push_back({e.step, e.rate, sum_ / counted_});
        on_train_begin(e);
    }
    std::string csv() const {
        std::string s = "step,rate,loss\n";
        char line[96];
        for (const record& r : records) std::snprintf(line, sizeof line, "%ld,%.9g,%.9g\n", r.step, r.rate, r.loss), s += line;
        return s;
    }
    void save_csv(const std::string& path) const {
        const std::string s = csv();
        write_file(path, std::as_bytes(std::span<const char>(s.data(), s.size())));
    }

  private:
    long last_ = 0;
    double sum_ = 0, counted_ = 0;
};
}  // namespace _
using StepLog = _::step_log<_::this_host>;

namespace _ {
inline volatile std::sig_atomic_t interrupts = 0;
inline void on_interrupt(int signal) {
    interrupts = signal;
    std::signal(signal, SIG_DFL);  // a second one ends the program
}

// Ctrl-C (or SIGTERM) ends fit() after the batch under way: its checkpoint is written, and it returns the history so far. A second
// one ends the program. Signals are the program's again when the callback is destroyed.
template <class Host>
struct stop_on_interrupt {
    stop_on_interrupt() = default;
    stop_on_interrupt(const stop_on_interrupt&) {}
    stop_on_interrupt& operator=(const stop_on_interrupt&) = delete;
    ~stop_on_interrupt() { release(); }

    // Was the last run ended by a signal?
    bool interrupted() const { return interrupted_; }

    void on_train_begin(FitEvent&) {
        release();
        interrupts = 0;
        interrupted_ = false, holds_ = true;
        before_[0] = std::signal(SIGINT, on_interrupt), before_[1] = std::signal(SIGTERM, on_interrupt);
    }
    void on_batch_end(FitEvent& e) {
        if (interrupts != 0) e.stop = interrupted_ = true;
    }
    void on_epoch_end(FitEvent& e) { on_batch_end(e); }
    void on_train_end(FitEvent&) { release(); }
    void on_train_failed(FitEvent&) { release(); }

  private:
    void release() {
        if (holds_) std::signal(SIGINT, before_[0]), std::signal(SIGTERM, before_[1]);
        holds_ = false;
    }
    bool interrupted_ = false, holds_ = false;
    void (*before_[2])(int) = {};
};
}  // namespace _
using StopOnInterrupt = _::stop_on_interrupt<_::this_host>;

}  // namespace etta
