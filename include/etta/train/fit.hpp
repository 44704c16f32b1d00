// fit.hpp: epochs over a data set: what fit() is told (FitOptions), what it tells (FitEvent) and whom (Callback), and the loop.
// Callbacks of the library are in callbacks.hpp and tensorboard.hpp.
#pragma once

#include "../core/shared.hpp"
#include "../data/loader.hpp"
#include "../optim/schedule.hpp"
#include "checkpoint.hpp"
#include "history.hpp"
#include "metric.hpp"
#include "options.hpp"
#include "progress.hpp"

namespace etta {

// Where fit() stands, for callbacks.
struct FitEvent {
    int epoch = 0, epochs = 0;      // from 1; 0 before the first
    long batch = 0, batches = 0;    // of the epoch: done, in all
    long step = 0;                  // of the trainer
    double loss = 0, counted = 0;   // of the last batch, and what it counts for where losses are averaged: Trainer::counted
    double rate = 0;                // of the last step
    double data_seconds = 0;        // of this epoch so far, spent waiting for batches
    const History& history;         // its last record is the epoch's in on_epoch_end

    bool stop = false;              // set it, and fit() ends after this batch or epoch, with its checkpoint written
    double rate_factor = 1;         // multiplies the rate until the epoch's end; is 1 again when on_epoch_end is called, to be set anew

    // The model's parameters and states as they lie in memory, by name.
    template <class Host = _::this_host>
    std::vector<named_tensor> model() const {
        std::vector<named_tensor> all = tensors_(trainer_), r;
        for (named_tensor& t : all)
            if (t.name.starts_with("model.")) t.name.erase(0, 6), r.push_back(static_cast<named_tensor&&>(t));
        return r;
    }
    // As etta::save() writes it. Fails, and leaves the file, where a step has made trained parameters NaN or infinite.
    template <class Host = _::this_host>
    void save_model(const std::string& path) const {
        check_(trainer_);
        write_safetensors<Host>(path, model<Host>());
    }
    // What fit(), given it as {.checkpoint = {path, {.resume = true}}}, goes on from bit for bit; load_checkpoint() takes it, too. It is
    // written when all callbacks have been told of this moment, as those behind this one may remember something of it; in on_train_end
    // and on_train_failed at once when this one returns: those behind it may restore the best weights. An error can leave fit() while a
    // step is under way: the checkpoint is then of the batch before.
    template <class Host = _::this_host>
    void save_checkpoint(const std::string& path) const {
        write_ = &_::write_run<Host>, checkpoints_.push_back(path);
    }

    // By fit() alone.
    void* trainer_ = nullptr;
    std::vector<named_tensor> (*tensors_)(void*) = nullptr;
    void (*check_)(void*) = nullptr;
    mutable void (*write_)(const std::string&, std::vector<named_tensor>, const std::string&, _::fit_state) = nullptr;
    mutable std::vector<std::string> checkpoints_ = {};
};

// Whatever fit() tells of its progress: a callable of FitEvent&, called after each epoch, or a struct with any of on_train_begin,
// on_epoch_begin, on_batch_end, on_epoch_end and on_train_end, each of FitEvent&; and on_train_failed where an error leaves fit(), also
// one in on_train_begin or on_train_end: what it throws itself is dropped, the first error is the one that leaves fit(). Of a variable it
// is a reference; a temporary is kept. One that remembers something which a run that goes on needs has append_tensors(FitEvent&, list,
// prefix), called between on_train_begin and on_train_end: those tensors stand in fit()'s checkpoint.
class Callback {
  public:
    enum moment { train_begin, epoch_begin, batch_end, epoch_end, train_end, train_failed };

    template <class F, class X = std::remove_cvref_t<F>>
        requires(!std::is_same_v<X, Callback>)
    Callback(F&& f) : tell_(&tell<X>), append_(&append<X>) {
        constexpr bool begins = requires(X x, FitEvent& e) { x.on_train_begin(e); } || requires(X x, FitEvent& e) { x.on_epoch_begin(e); };
        constexpr bool ends = requires(X x, FitEvent& e) { x.on_epoch_end(e); } || requires(X x, FitEvent& e) { x.on_train_end(e); } || requires(X x, FitEvent& e) { x.on_train_failed(e); };
        static_assert(begins || ends || requires(X x, FitEvent& e) { x.on_batch_end(e); } || requires(X x, FitEvent& e) { x(e); },
                      "etta: a callback is a callable of FitEvent&, or has on_train_begin, on_epoch_begin, on_batch_end, on_epoch_end, "
                      "on_train_end or on_train_failed of FitEvent&");
        if constexpr (std::is_lvalue_reference_v<F> && !std::is_const_v<std::remove_reference_t<F>>) {
            object_ = &f;
        } else {
            owner_ = _::shared_object::of(X(static_cast<F&&>(f)));
            object_ = owner_.get();
        }
    }
    void operator()(moment m, FitEvent& e) const { tell_(object_, m, e); }
    void append_tensors(FitEvent& e, std::vector<named_tensor>& to, const std::string& prefix) const { append_(object_, e, to, prefix); }

  private:
    template <class X>
    static void tell(void* object, moment m, FitEvent& e) {
        [[maybe_unused]] X& x = *static_cast<X*>(object);
        if constexpr (requires { x.on_train_begin(e); }) { if (m == train_begin) x.on_train_begin(e); }
        if constexpr (requires { x.on_epoch_begin(e); }) { if (m == epoch_begin) x.on_epoch_begin(e); }
        if constexpr (requires { x.on_batch_end(e); }) { if (m == batch_end) x.on_batch_end(e); }
        if constexpr (requires { x.on_epoch_end(e); }) { if (m == epoch_end) x.on_epoch_end(e); }
        else if constexpr (requires { x(e); }) { if (m == epoch_end) x(e); }
        if constexpr (requires { x.on_train_end(e); }) { if (m == train_end) x.on_train_end(e); }
        if constexpr (requires { x.on_train_failed(e); }) { if (m == train_failed) x.on_train_failed(e); }
    }
    template <class X>
    static void append(void* object, FitEvent& e, std::vector<named_tensor>& to, const std::string& prefix) {
        if constexpr (requires(X& x) { x.append_tensors(e, to, prefix); }) static_cast<X*>(object)->append_tensors(e, to, prefix);
    }
    void* object_ = nullptr;
    void (*tell_)(void*, moment, FitEvent&);
    void (*append_)(void*, FitEvent&, std::vector<named_tensor>&, const std::string&);
    _::shared_object owner_;
};

struct FitOptions {
    int epochs = 1;
    int batch = 0;              // samples; 0: 32, or the model's max_batch where that is smaller
    index steps_per_epoch = 0;  // 0: every sample once; else as many batches of samples drawn at random
    bool drop_last = false;     // an epoch has no last batch that is not full
    Dataset validation = {};
    double validation_split = 0;  // rather: so large a part of the training data, the last samples, as in Keras
    Metrics metrics = {};         // of the validation data, after each epoch: {etta::metrics::roc_auc(), {"mine", f}}
    Schedule schedule = {};
    Schedule momentum = {};  // the rule's momentum or beta1 at each step: one_cycle_momentum(); none: as the rule says
    etta::seed seed = etta::seed(0);  // of the shuffles: an epoch's order follows from it and from the steps that the trainer had made before
    bool shuffle = true;
    WeightedRandomSampler sampler = {};  // draws the samples by weight; the epoch is sampler.num_samples long
    BatchTransform mix = {};             // transforms::MixUp, transforms::CutMix: for losses of targets
    batch_worker prefetch = {};          // etta::prefetch(), from <etta/data/prefetch.hpp>: batches are filled on a thread
    sample_worker parallel = {};         // etta::parallel(), from <etta/data/parallel.hpp>: batches are filled by all threads
    Checkpoint checkpoint = {};  // {"run.safetensors", {.steps = 500, .resume = true}}
    std::vector<Callback> callbacks = {};  // told in this order
    bool verbose = true;
};

namespace _ {

template <class Host>
std::string describe(const EpochRecord& r, const History& h) {
    std::string s;
    const auto add = [&s](const char* format, double v) {
        char b[400];  // a number may have 310 digits
        std::snprintf(b, sizeof b, format, v);
        s += b;
    };
    add("loss %.4f", r.loss);
    if (h.classification) add("  accuracy %.4f", r.accuracy);
    if (h.validated) add("  validation loss %.4f", r.validation_loss);
    if (h.validated && h.classification) add("  accuracy %.4f", r.validation_accuracy);
    add("  %.2f s", r.seconds);
    return s;
}
template <class T>
History run_fit(T& trainer, const Dataset& all, const FitOptions& o) {
    if (!(o.validation_split >= 0 && o.validation_split < 1))
        fail<>("fit: validation_split is " + std::to_string(o.validation_split) + ", expected 0 to less than 1");
    if (o.validation_split > 0 && o.validation.size() > 0) fail<>("fit: validation data and a validation_split");
    const index kept = all.size() - static_cast<index>(o.validation_split * static_cast<double>(all.size()) + 0.5);
    if (o.validation_split > 0 && (kept == 0 || kept == all.size()))
        fail<>("fit: a validation_split of " + std::to_string(o.validation_split) + " leaves " + (kept == 0 ? "no sample for training" : "none for validation") + ", of " + std::to_string(all.size()));
    if (o.epochs < 0 || o.steps_per_epoch < 0) fail<>("fit: a negative number of epochs or steps");
    const Dataset train = o.validation_split > 0 ? all.slice(0, kept) : all, validation = o.validation_split > 0 ? all.slice(kept, all.size()) : o.validation;
    if (!o.metrics.empty() && validation.size() == 0)
        fail<>("fit: metrics are of validation data, of which there is none: give .validation (which may be the training data) or a .validation_split");
    if (train.size() == 0) fail<>("fit: the data has no samples");
    trainer.check_dataset(train);
    if (train.has_weights() && train.weight_sum() == 0) fail<>("fit: all samples have the weight 0");
    if (validation.size() > 0) trainer.check_dataset(validation);
    if (!o.metrics.empty()) trainer.tell(o.metrics, nullptr, nullptr, 0);  // may refuse what they are not for
    const index batch = o.batch != 0 ? o.batch : T::batch_bound < 32 ? T::batch_bound : 32;
    if (batch < 1 || batch > T::batch_bound) fail<>("fit: a batch of " + std::to_string(batch) + "; the model takes 1 to " + std::to_string(T::batch_bound));
    BatchOptions bo;
    if (o.shuffle) bo.shuffle = o.seed;
    bo.type = dtype_of<typename T::element>;
    bo.steps = o.steps_per_epoch, bo.drop_last = o.drop_last;
    bo.sampler = o.sampler, bo.mix = o.mix, bo.prefetch = o.prefetch, bo.parallel = o.parallel;
    auto loader = batches(train, batch, bo);
    if (loader.size() == 0) fail<>("fit: of " + std::to_string(train.size()) + " samples, there is no full batch of " + std::to_string(batch));
    const index left = o.drop_last ? 0 : loader.samples() % batch;
    if (left > 0 && left < T::least_batch)
        fail<>("fit: of " + std::to_string(loader.samples()) + " samples, batches of " + std::to_string(batch) + " leave a last one of " + std::to_string(left) +
               ", and a layer of the model can be trained with " + std::to_string(T::least_batch) + " or more only: choose another size, or drop_last");
    if (o.momentum.given() && !T::has_momentum) fail<>("fit: the momentum has a schedule, and the rule has no momentum");
    // Batches, and steps that are made of them.
    const long per_epoch = static_cast<long>(loader.size()), parts = trainer.accumulates();
    const auto steps = [parts](long batches) { return (batches + parts - 1) / parts; };
    const long total = steps(per_epoch) * o.epochs;

    fit_state s;
    History& h = s.history;
    FitEvent e{.epochs = o.epochs, .batches = per_epoch, .history = h};
    e.trainer_ = &trainer, e.tensors_ = [](void* t) { return tensors_of_run(*static_cast<T*>(t)); };
    e.check_ = [](void* t) { check_parameters(*static_cast<T*>(t)); };
    h.classification = T::classifies, h.validated = validation.size() > 0;
    const auto remembered = [&] {  // by callbacks; they are numbered without those that remember nothing
        std::vector<named_tensor> r;
        int k = 0;
        for (const Callback& c : o.callbacks) {
            const std::size_t before = r.size();
            c.append_tensors(e, r, "callback" + std::to_string(k) + ".");
            k += r.size() > before;
        }
        return r;
    };
    const auto write = [&] {  // the checkpoints that callbacks have asked for
        if (e.checkpoints_.empty()) return;
        const std::vector<std::string> paths = static_cast<std::vector<std::string>&&>(e.checkpoints_);
        e.checkpoints_.clear();
        check_parameters(trainer);
        std::vector<named_tensor> tensors = tensors_of_run(trainer), more = remembered();
        tensors.insert(tensors.end(), more.begin(), more.end());
        for (const std::string& path : paths) e.write_(path, tensors, rule_name<typename T::rule_type>(), numbers_of_trainer(trainer, s));
    };
    const auto tell = [&](Callback::moment m) {
        e.step = trainer.steps(), e.rate = trainer.rate();
        for (const Callback& c : o.callbacks) {
            c(m, e);
            if (m == Callback::train_end) write();
        }
        write();
    };
    const auto save = [&] { o.checkpoint.save(trainer, s, remembered()); };
    // So that one fit after another goes on drawing where both have the same seed.
    s.start = static_cast<std::uint64_t>(trainer.steps());
    loader.epoch(s.start), s.loader = loader.position();
    const bool resumed = o.checkpoint.resume(trainer, loader, s, remembered());
    h.classification = T::classifies, h.validated = validation.size() > 0;
    if (!o.metrics.empty()) o.metrics.name(h);
    const struct reset {  // also where a step throws
        T& trainer;
        ~reset() { trainer.rate_factor(1), trainer.momentum_now(-1), trainer.samples_from(nullptr); }
    } when_done{trainer};
    trainer.samples_from(&loader);
    const auto epochs_done = [&s] { return static_cast<int>(s.loader.epoch - s.start); };
    if (resumed) e.epoch = epochs_done();
    const auto tell_failed = [&]() noexcept {
        e.checkpoints_.clear();
#if !defined(ETTA_NO_EXCEPTIONS)
        e.step = trainer.steps(), e.rate = trainer.rate();
        for (const Callback& c : o.callbacks) {
            try {
                c(Callback::train_failed, e);
                write();
            } catch (...) {
            }
        }
#endif
    };
    struct tell_unless_done {  // of an error, so that callbacks give back what they hold
        const decltype(tell_failed)& failed;
        bool done = false;
        ~tell_unless_done() {
            if (!done) failed();
        }
    } ending{tell_failed};
    tell(Callback::train_begin);
    if (epochs_done() < o.epochs) o.checkpoint.check();
    const long batches_done = static_cast<long>(s.loader.batch), made = epochs_done() * steps(per_epoch) + (batches_done == per_epoch ? steps(per_epoch) : batches_done / parts);
    if (resumed && made > 0)
        trainer.rate_was(o.schedule.factor(made, total) * e.rate_factor);

    progress_bar bar(o.verbose, o.epochs);
    for (int epoch = epochs_done() + 1; epoch <= o.epochs && !e.stop; ++epoch) {
        const double start = seconds_now();
        EpochRecord r;
        r.epoch = e.epoch = epoch;
        long done = e.batch = static_cast<long>(s.loader.batch);
        tell(Callback::epoch_begin);
        bar.begin(done);
        e.data_seconds = 0;
        const auto timed = [&e](auto&& next) {
            const double before = seconds_now();
            next();
            e.data_seconds += seconds_now() - before;
        };
        decltype(loader.begin()) it{};
        for (timed([&] { it = loader.begin(); }); it != loader.end(); timed([&] { ++it; })) {
            const auto& [x, y] = *it;
            const long step = (epoch - 1) * steps(per_epoch) + steps(++done);
            trainer.rate_factor(o.schedule.factor(step, total) * e.rate_factor);
            if (o.momentum.given()) trainer.momentum_now(checked_momentum<typename T::rule_type>(o.momentum.factor(step, total)));
            const double loss = e.loss = trainer.step(x, y, loader.weights());
            e.counted = trainer.counted();
            s.loss[0] += loss * e.counted, s.loss[1] += e.counted;
            if constexpr (T::classifies) {
                const auto* const label = static_cast<const std::int32_t*>(y.data);
                s.labels += T::count_labels(label, x.extents[0]), s.right += trainer.count_right(label, x.extents[0]);
            }
            bar.step(epoch, done, per_epoch, s.mean_loss(), T::classifies ? s.accuracy() : -1);
            if (done == per_epoch) trainer.finish_step();
            e.batch = done;
            s.loader = loader.place();
            if (!o.callbacks.empty()) tell(Callback::batch_end);
            const bool whole = done % parts == 0, last = e.stop || (whole && o.checkpoint.due(step));
            if (last && done < per_epoch) save();
            if (e.stop) break;
        }
        if (done < per_epoch) break;
        check_parameters(trainer);
        r.loss = s.mean_loss();
        if constexpr (T::classifies) r.accuracy = s.accuracy();
        r.rate = trainer.rate();
        if (h.validated) {
            const auto v = trainer.evaluate(validation, o.metrics);
            r.validation_loss = v.loss;
            if constexpr (T::classifies) r.validation_accuracy = v.accuracy;
            if (!o.metrics.empty()) o.metrics.store(h, v.metrics);
        }
        r.seconds = seconds_now() - start;
        h.epochs.push_back(r);
        s.begin_epoch(loader.position());
        e.rate_factor = 1;
        tell(Callback::epoch_end);
        save();
        std::string line = describe<this_host>(r, h);
        if (!o.metrics.empty()) o.metrics.print(h, line);
        bar.epoch(epoch, line);
    }
    tell(Callback::train_end);
    ending.done = true;
    return h;
}

}  // namespace _
}  // namespace etta
