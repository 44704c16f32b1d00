// checkpoint.hpp: a training run in a file, from which it goes on bit for bit: parameters, the model's and the optimizer's state,
// how many steps were made, where the loader stands, what was measured. A safetensors file: "model.fc1.weight",
// "optimizer.exp_avg.fc1.weight", and numbers in its metadata.
//
// Not in it is what the program says: the rule's rate and its like, groups, clipping, schedules.
#pragma once

#include "../data/loader.hpp"
#include "../io/safetensors.hpp"
#include "../nn/save.hpp"
#include "history.hpp"

namespace etta {
namespace _ {

// Where a run stands: steps made, the seed of its random numbers, the loader; and of fit(), the epochs
// done and the sums of the one under way.
struct fit_state {
    std::uint64_t steps = 0, randomness = 0, start = 0;  // start: steps before the fit(), whose loader's first epoch has this number
    loader_position loader;
    History history;
    // Of the epoch so far. Losses, each times what its batch counts for, and the sum of that; labels (without those that are ignored).
    double loss[2] = {};
    index labels = 0, right = 0;

    double mean_loss() const { return loss[0] / loss[1]; }  // of nothing: NaN
    double accuracy() const { return labels == 0 ? 0 : static_cast<double>(right) / static_cast<double>(labels); }
    void begin_epoch(const loader_position& p) { loader = p, loss[0] = loss[1] = 0, labels = right = 0; }
};

// Fails if a step has made a trained parameter NaN or infinite, so that what is saved remains the last good one. A step refuses a loss
// that is not finite; a gradient or an update that is not, behind a loss that is, shows here. What pads parameters to whole vectors is
// none: a rule may divide 0 by 0 there. O(parameters).
template <class T>
ETTA_NOINLINE void check_parameters(T& trainer) {
    using M = typename T::model_type;
    trainer.each_trained([&](index first, index count) {
        for (int k = 0; k < M::n_parameters; ++k) {
            const auto& at = M::facts::starts.at[k];
            if (at.first < first || at.first >= first + count) continue;
            const auto* const p = trainer.model().parameters.data() + at.first;
            index i = 0;
            while (i < at.count && p[i] - p[i] == 0) ++i;
            if (i < at.count)
                fail<>("after step " + std::to_string(trainer.steps()) + " the parameter '" + std::string(M::facts::paths.at[k].view()) +
                       "' is not finite: its gradient or its update was not, though the loss was. It is not saved. A trainer with clip_norm refuses a step "
                       "whose gradient is not finite");
        }
    });
}

// A state's name in files.
template <class Rule>
std::string state_name(int k) {
    if constexpr (requires { Rule::state_names[0]; }) return std::string(Rule::state_names[k]);
    else return "state" + std::to_string(k);
}
template <class Rule>
std::string rule_name() {
    if constexpr (requires { Rule::name; }) return std::string(Rule::name);
    else return "a rule of its own";
}

// Everything that training changes, as it lies in memory: the model's tensors, and for each parameter the optimizer's.
template <class T>
std::vector<named_tensor> tensors_of_run(T& trainer) {
    using M = typename T::model_type;
    using Rule = typename T::rule_type;
    std::vector<named_tensor> r = tensors_of(trainer.model());  // parameters come first
    for (int k = 0; k < Rule::states; ++k)
        for (int i = 0; i < M::n_parameters; ++i) {
            const auto state = trainer.rule_state(k, i);
            if (state.size == 0) continue;
            named_tensor t = r[static_cast<std::size_t>(i)];
            t.name = "optimizer." + state_name<Rule>(k) + "." + t.name;
            for (int d = 0; d < state.extents->rank; ++d) t.shape[static_cast<std::size_t>(d)] = static_cast<index>(state.extents->at[d].code);
            t.data = reinterpret_cast<const std::byte*>(state.data);
            t.bytes = static_cast<std::size_t>(state.size) * sizeof(*state.data);
            r.push_back(static_cast<named_tensor&&>(t));
        }
    for (int i = 0; i < M::n_parameters + M::n_states; ++i) r[static_cast<std::size_t>(i)].name.insert(0, "model.");
    trainer.append_tensors(r);
    return r;
}

// The counts, as they are called in the metadata.
template <class F>
void each_number(fit_state& s, const F& f) {
    f("steps", s.steps);
    f("randomness", s.randomness);
    f("fit.start", s.start);
    f("loader.epoch", s.loader.epoch);
    f("loader.shuffle.seed", s.loader.shuffle.key.value);
    f("loader.sampler", s.loader.sampler);
    const auto count = [&](const char* name, auto& n) {
        std::uint64_t v = static_cast<std::uint64_t>(n);
        f(name, v);
        n = static_cast<std::remove_reference_t<decltype(n)>>(v);
    };
    count("loader.shuffle", s.loader.shuffle.on);
    count("loader.batch", s.loader.batch);
    count("loader.samples", s.loader.samples);
    count("loader.batch_size", s.loader.batch_size);
    count("loader.steps", s.loader.steps);
    count("loader.drop_last", s.loader.drop_last);
    count("fit.labels", s.labels);
    count("fit.right", s.right);
}

inline constexpr std::string_view checkpoint_format = "etta checkpoint 1";
inline constexpr std::uint64_t largest_count = std::uint64_t{1} << 53;
inline constexpr int history_columns = 7;  // and one for each metric, whose names stand in the metadata, with a comma between two

inline std::vector<double> numbers_of(const History& h) {
    std::vector<double> r;
    for (std::size_t i = 0; i < h.epochs.size(); ++i) {
        const EpochRecord& e = h.epochs[i];
        for (const double x : {static_cast<double>(e.epoch), e.loss, e.accuracy, e.validation_loss, e.validation_accuracy, e.rate, e.seconds}) r.push_back(x);
        for (std::size_t k = 0; k < h.n_metrics(); ++k) r.push_back(h.metric(i, k));
    }
    return r;
}

// What both ways of saving go through. Templates, and reached by pointers from Checkpoint, so that only programs that save
// compile the reading and writing of files.
template <class Host>
void write_run(const std::string& path, std::vector<named_tensor> tensors, const std::string& rule, fit_state s) {
    const std::vector<double> history = numbers_of(s.history);
    tensors.push_back({"fit.loss", dtype::f64, {2}, reinterpret_cast<const std::byte*>(s.loss), sizeof s.loss});
    tensors.push_back({"fit.history", dtype::f64, {static_cast<index>(s.history.epochs.size()), history_columns + static_cast<index>(s.history.n_metrics<Host>())}, reinterpret_cast<const std::byte*>(history.data()), history.size() * sizeof(double)});
    safetensors_metadata facts{{"format", std::string(checkpoint_format)}, {"rule", rule}};
    each_number(s, [&](const char* name, std::uint64_t n) { facts.emplace_back(name, std::to_string(n)); });
    if (const char* name = "fit.metrics"; s.history.n_metrics<Host>() > 0) facts.emplace_back(name, s.history.metric_names<Host>());
    write_safetensors<Host>(path, tensors, facts);
}

// What the file says of the run, once all of it was compared with the trainer's tensors: the first that differs is an error.
template <class Host>
fit_state read_fit_state(const safetensors_file& file, const std::vector<named_tensor>& mine, const std::string& rule) {
    const std::string& path = file.path();
    const auto fact = [&](std::string_view name) {
        for (const auto& f : file.metadata())
            if (f.first == name) return f.second;
        return std::string();
    };
    if (fact("format") != checkpoint_format) fail<>(path + ": not a checkpoint: its format is '" + fact("format") + "', not '" + std::string(checkpoint_format) + "'");
    if (fact("rule") != rule) fail<>(path + ": the checkpoint's update rule is " + fact("rule") + ", the trainer's is " + rule);
    for (const named_tensor& p : mine) {
        const named_tensor* const t = file.find(p.name);
        if (t == nullptr) fail<>(path + ": there is no tensor '" + p.name + "', which the " + (p.name.starts_with("callback") ? "run's callbacks have" : "trainer has"));
        if (t->shape != p.shape) fail<>(path + ": tensor '" + p.name + "' has shape " + shape_text(t->shape) + ", the trainer's has " + shape_text(p.shape));
        if (t->type != p.type) fail<>(path + ": tensor '" + p.name + "' is " + t->stored + ", the trainer's is " + std::string(name_of(p.type)));
    }
    const named_tensor *const loss = file.find("fit.loss"), *const history = file.find("fit.history");
    if (loss == nullptr || loss->type != dtype::f64 || loss->shape != std::vector<index>{2}) fail<>(path + ": tensor 'fit.loss' is missing, or not two F64");
    fit_state s;
    metric_table table{.names = fact("fit.metrics")};
    const index metrics = static_cast<index>(in_list<Host>(table.names)), columns = history_columns + metrics;
    if (history == nullptr || history->type != dtype::f64 || history->shape.size() != 2 || history->shape[1] != columns)
        fail<>(path + ": tensor 'fit.history' is missing, or not F64 of " + std::to_string(columns) + " columns");
    for (const named_tensor& t : file.tensors()) {
        bool known = &t == loss || &t == history || t.name.starts_with("callback");  // of a callback that is not there any more
        for (std::size_t i = 0; i < mine.size() && !known; ++i) known = mine[i].name == t.name;
        if (!known) fail<>(path + ": tensor '" + t.name + "' is none of the trainer's");
    }
    std::memcpy(s.loss, loss->data, sizeof s.loss);
    const std::byte* at = history->data;
    for (index i = 0; i < history->shape[0]; ++i) {
        double x[history_columns], metric;
        std::memcpy(x, at, sizeof x), at += sizeof x;
        if (!(x[0] >= 0 && x[0] < 2e9)) fail<>(path + ": row " + std::to_string(i) + " of 'fit.history' is of epoch " + std::to_string(x[0]));
        s.history.epochs.push_back({static_cast<int>(x[0]), x[1], x[2], x[3], x[4], x[5], x[6]});
        for (index k = 0; k < metrics; ++k, at += sizeof metric) std::memcpy(&metric, at, sizeof metric), table.values.push_back(metric);
    }
    if (metrics > 0) s.history.metrics<Host>(static_cast<metric_table&&>(table));
    each_number(s, [&](const char* name, std::uint64_t& n) {
        const std::string text = fact(name);
        n = 0;
        for (const char c : text) n = n * 10 + static_cast<std::uint64_t>(c - '0');
        if (text.empty() || std::to_string(n) != text) fail<>(path + ": the metadata's '" + name + "' is '" + text + "', expected a number");
        const std::string_view what = name;  // seeds and what names a sampler may be any number
        if (what != "randomness" && what != "loader.shuffle.seed" && what != "loader.sampler" && n > largest_count)
            fail<>(path + ": the metadata's '" + name + "' is " + text + ", more than any run has");
    });
    if (s.loader.epoch < s.start || s.loader.epoch - s.start > 2000000000) fail<>(path + ": the run is in epoch " + std::to_string(s.loader.epoch) + " and began with " + std::to_string(s.start));
    return s;
}

// Reads a checkpoint into the tensors. A loader, if there is one, goes where the run's stood, or refuses; either way nothing is
// changed before everything fits.
template <class Host>
fit_state read_run(const std::string& path, const std::vector<named_tensor>& tensors, const std::string& rule, Batches* loader) {
    const safetensors_file file = safetensors_file::open<Host>(path);
    fit_state s = read_fit_state<Host>(file, tensors, rule);
    if (loader != nullptr) loader->resume<Host>(s.loader);
    for (const named_tensor& p : tensors) std::memcpy(const_cast<std::byte*>(p.data), file.find(p.name)->data, p.bytes);
    return s;
}

// The trainer's own numbers, to and from the state.
template <class T>
fit_state numbers_of_trainer(T& trainer, fit_state s) {
    s.steps = static_cast<std::uint64_t>(trainer.steps());
    s.randomness = trainer.randomness.value;
    return s;
}
template <class T>
void restore_numbers(T& trainer, const fit_state& s) {
    trainer.steps(static_cast<long>(s.steps));
    trainer.randomness = seed(s.randomness);
}

}  // namespace _

// For a loop of one's own. Writes atomically: while it is being written, and if that fails, the file is the one before.
//
//     etta::save_checkpoint(trainer, "run.safetensors", loader.position());
//     …
//     loader.resume(etta::load_checkpoint(trainer, "run.safetensors"));
//
// Refuses a checkpoint of another model or another kind of rule, and names the first difference: the trainer is then as it was. Does not
// write parameters that a step has made NaN or infinite. What callbacks of fit() remember is passed over.
template <class T>
void save_checkpoint(T& trainer, const std::string& path, const loader_position& at = {}) {
    _::check_parameters(trainer);
    _::fit_state s;
    s.loader = at;
    _::write_run<_::this_host>(path, _::tensors_of_run(trainer), _::rule_name<typename T::rule_type>(), _::numbers_of_trainer(trainer, s));
}
template <class T>
loader_position load_checkpoint(T& trainer, const std::string& path) {
    const _::fit_state s = _::read_run<_::this_host>(path, _::tensors_of_run(trainer), _::rule_name<typename T::rule_type>(), nullptr);
    _::restore_numbers(trainer, s);
    return s.loader;
}

// For fit(): {.checkpoint = {"run.safetensors", {.steps = 500, .resume = true}}}.
struct CheckpointOptions {
    long steps = 0;       // written after so many steps of the run; 0: after each epoch only, which it is in any case
    bool resume = false;  // go on from the file, if there is one
};
struct Checkpoint {
    std::string path;  // empty: none
    CheckpointOptions options;

    Checkpoint() = default;
    template <class Host = _::this_host>
    Checkpoint(std::string path, CheckpointOptions o = {}) : path(static_cast<std::string&&>(path)), options(o), write_(&_::write_run<Host>), read_(&_::read_run<Host>), check_(&_::check_writable<Host>) {}
    bool due(long step) const { return options.steps > 0 && step % options.steps == 0; }

    template <class T>
    void save(T& trainer, const _::fit_state& s, const std::vector<named_tensor>& more = {}) const {
        if (write_ == nullptr) return;
        _::check_parameters(trainer);
        write_(path, tensors(trainer, more), _::rule_name<typename T::rule_type>(), _::numbers_of_trainer(trainer, s));
    }
    // Fails if the file could not be written.
    void check() const {
        if (check_ != nullptr) check_(path);
    }
    // Was there anything to go on from?
    template <class T>
    bool resume(T& trainer, Batches& loader, _::fit_state& s, const std::vector<named_tensor>& more = {}) const {
        if (read_ == nullptr || !options.resume || ::access(path.c_str(), F_OK) != 0) return false;
        s = read_(path, tensors(trainer, more), _::rule_name<typename T::rule_type>(), &loader);
        _::restore_numbers(trainer, s);
        return true;
    }

  private:
    template <class T>
    static std::vector<named_tensor> tensors(T& trainer, const std::vector<named_tensor>& more) {
        std::vector<named_tensor> r = _::tensors_of_run(trainer);
        for (const named_tensor& t : more) r.push_back(t);
        return r;
    }
    void (*write_)(const std::string&, std::vector<named_tensor>, const std::string&, _::fit_state) = nullptr;
    _::fit_state (*read_)(const std::string&, const std::vector<named_tensor>&, const std::string&, Batches*) = nullptr;
    void (*check_)(const std::string&) = nullptr;
};

}  // namespace etta
