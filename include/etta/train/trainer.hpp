// trainer.hpp: Trainer: a model, a loss and an update rule. step() is one batch; fit(), evaluate() and predict() are Keras'
// habits on a Dataset. All memory is allocated at construction; a step allocates nothing.
#pragma once

#include "../data/loader.hpp"
#include "../optim/schedule.hpp"
#include "bad_data.hpp"
#include "checkpoint.hpp"
#include "evaluation.hpp"
#include "fit.hpp"
#include "history.hpp"
#include "options.hpp"
#include "predict.hpp"
#include "update.hpp"

namespace etta {

namespace _ {
template <class T>
class profiled_step;
}

template <class M, class Loss, class Rule>
class Trainer {
    template <class T>
    friend class _::profiled_step;

public:
    using element = typename M::element;
    using net = typename M::net_type;
    using input = typename M::input_type;
    using input_element = typename M::input_element;
    using model_type = M;
    using rule_type = Rule;
    static constexpr int batch_bound = M::batch_bound;
    static constexpr bool one_input_type = _::model_inputs<input>::one_type;
    static_assert(one_input_type, "etta: a Trainer's samples are elements of one type, so its model's inputs are, too: give ids as float (Input<float, ...>), which an Embedding takes");
    static constexpr bool sound = one_input_type && _::check_model<net, input, batch_bound, _::training_source<net, input, batch_bound, Loss>>();
    using source = _::sound<sound, _::training_source<net, input, batch_bound, Loss>>;
    using program = _::program<source, this_target>;
    using evaluation = _::program<_::sound<sound, _::evaluation_source<net, input, batch_bound, Loss>>, this_target>;
    static constexpr index n_elements = M::facts::layout.elements;
    static constexpr bool has_momentum = _::has_momentum<Rule>;
    static constexpr bool classifies = _::takes_labels<Loss>();
    static constexpr bool checks_labels = classifies || requires(const std::int32_t* y) { Loss::check_labels(y, index{}, index{}); };
    // Logits lie along the last axis of a prediction; each has a label.
    static constexpr index n_classes = M::output_shape.rank > 1 ? static_cast<index>(M::output_shape.at[M::output_shape.rank - 1].code) : 1;
    static constexpr index labels_per_sample = M::output_size / n_classes;
    static constexpr bool needs_targets = _::loss_of_prediction<Loss> && !classifies;
    // The target's elements: labels, or numbers of the model's type; how many there are in a sample's, and how many weights.
    using target_element = etta::type_of<_::target_type<Loss>(dtype_of<element>)>;
    static constexpr bool wants_labels = classifies || (needs_targets && std::is_same_v<target_element, std::int32_t>);
    static constexpr index target_size = _::elements_per_sample(_::target_shape<Loss>(M::output_shape));
    static constexpr index weights_per_sample = _::takes_weights<Loss, _::seen_by<Loss, typename M::traced::result>> ? _::elements_per_sample(_::weight_shape<Loss>(M::output_shape)) : 0;
    static_assert(M::n_outputs == 1 || !sound || M::facts::layout.outputs[0].type == dtype_of<element>, "etta: the first of several outputs is what losses, metrics and accuracy are of: its elements are those of the parameters' type");
    // Bytes a step needs beside the parameters.
    static constexpr index workspace_bytes = program::workspace_bytes;
    static constexpr index gradient_bytes = M::parameter_bytes;
    static constexpr index state_bytes = _::rule_states<Rule, typename M::facts, element>.elements * static_cast<index>(sizeof(element));
    // Does a group say that this parameter is not trained?
    bool frozen(int parameter) const {
        const index at = M::facts::starts.at[parameter].first;
        for (const _::update_run& r : runs_)
            if (at >= r.first && at < r.first + r.count) return r.options.frozen;
        return false;
    }
    // The fewest samples of a step: batch normalisation of single numbers needs two.
    static constexpr int least_batch = source::facts.least_batch;

    ETTA_NOINLINE Trainer(M& model, Loss, Rule rule, seed randomness = seed(0))
        : rule(rule), randomness(randomness), model_(&model), gradients_(n_elements), states_(_::rule_states<Rule, typename M::facts, element>.elements), workspace_(workspace_bytes),
          prediction_(batch_bound * M::output_size) {
        _::check_rule(rule);
        if constexpr (M::n_states > 0) next_states_ = _::heap_elements<char>(M::state_bytes);
    }
    ETTA_NOINLINE Trainer(M& model, Loss loss, Rule rule, const TrainerOptions& o) : Trainer(model, loss, rule, o.seed) {
        schedule = o.schedule, momentum = o.momentum;
        if (momentum.given() && !_::has_momentum<Rule>) fail<>("the trainer's momentum has a schedule, and the rule has no momentum");
        if (!o.groups.empty()) runs_ = _::runs_of<typename M::facts>(o.groups);
        for (const _::update_run& r : runs_)
            if (!_::has_decay<Rule> && r.options.weight_decay >= 0) fail<>("a group sets weight_decay, which the rule does not have");
        _::check_options(o);
        clip_at_ = o.clip_norm > 0 ? o.clip_norm : o.clip_norm_each > 0 ? o.clip_norm_each : o.clip_value;
        if (clip_at_ > 0) clip_ = o.clip_value > 0 ? &Trainer::clip_by_value : &Trainer::clip_by_norm, clip_each_ = o.clip_norm_each > 0;
        if (o.clip_norm > 0 || o.clip_norm_each > 0 || o.sam > 0) squares_ = _::heap_elements<element>(n_elements / _::chunk_of_squares);
        if ((accumulate_ = o.accumulate) > 1) sum_ = _::heap_elements<element>(n_elements);
        if ((radius_ = o.sam) > 0) {
            sharp_ = &Trainer::gradients_nearby, sum_ = _::heap_elements<element>(n_elements);
            kept_states_ = _::heap_elements<char>(M::state_bytes), kept_prediction_ = _::heap_elements<element>(batch_bound * M::output_size);
        }
        if (o.class_weight.empty()) return;
        if (!classifies || weights_per_sample == 0) fail<>("class_weight is for a loss of labels that takes weights: Weighted<CrossEntropy>");
        if (static_cast<index>(o.class_weight.size()) != n_classes)
            fail<>("class_weight has " + std::to_string(o.class_weight.size()) + " numbers, the model " + std::to_string(n_classes) + " classes");
        class_weight_ = o.class_weight;
    }

    // One step on n <= max_batch samples: forward, backward, update. Returns the loss. The model is untouched if the loss
    // is not finite or a label is out of range.
    template <class Y>
    double step(const input_element* x, const Y* y, index n) {
        if constexpr (!takes<Y>()) return 0;
        else return checked_step(x, y, n);
    }
    // The same with a weight for each sample (for a loss of labels: for each label), which the loss takes (Weighted<MSE>). A step
    // without them takes 1, times the label's class_weight.
    template <class Y>
    double step(const input_element* x, const Y* y, const element* weights, index n) {
        static_assert(weights_per_sample > 0, "etta: this loss takes no weights of samples: use Weighted<…>, or on_labels or on_targets with a third argument");
        given_weights_ = weights;
        const given_until when_done{given_weights_};
        return step(x, y, n);
    }
    double step(const any_view& x, const any_view& y) {
        check_batch(x, y);
        return step(static_cast<const input_element*>(x.data), static_cast<const target_element*>(y.data), x.extents[0]);
    }
    // With a weight for each sample (Batches::weights(); none: nullptr); where a sample has several labels, they all have it.
    double step(const any_view& x, const any_view& y, const void* weights) {
        const auto given = give_weights(weights, x.extents[0]);
        return step(x, y);
    }

    // The loss and its gradient (parameter by parameter, laid out like the model's), without an update.
    template <class Y>
    double gradients(const input_element* x, const Y* y, index n) {
        if constexpr (!takes<Y>()) {
            return 0;
        } else {
            check_size(n);
            if (n < least_batch) fail_with<>("a batch of %lld samples; a layer of the model can be trained with %d or more only", static_cast<long long>(n), least_batch);
            if constexpr (checks_labels) check_labels(y, n);
            _::check_all_ids<typename M::facts, input>(x, n);
            element loss = 0;
            norm_ = -1;
            run<program>(x, y, n, loss);
            return static_cast<double>(loss);
        }
    }
    double gradients(const any_view& x, const any_view& y) {
        check_batch(x, y);
        return gradients(static_cast<const input_element*>(x.data), static_cast<const target_element*>(y.data), x.extents[0]);
    }
    double gradients(const any_view& x, const any_view& y, const void* weights) {
        const auto given = give_weights(weights, x.extents[0]);
        return gradients(x, y);
    }
    // Are these the targets that the loss needs? A static_assert has said what they are if not.
    template <class Y>
    static constexpr bool takes() {
        if constexpr (classifies) static_assert(std::is_same_v<Y, std::int32_t>, "etta: the targets of this loss are class labels: std::int32_t");
        else if constexpr (wants_labels) static_assert(std::is_same_v<Y, std::int32_t>, "etta: the targets of this loss are labels: std::int32_t");
        else if constexpr (needs_targets) static_assert(std::is_same_v<Y, element>, "etta: the targets of this loss are numbers of the model's element type");
        return !(classifies || needs_targets) || std::is_same_v<Y, target_element>;
    }
    // Of the last step, laid out like the parameters: before clip_norm, whose factor is the update's, behind the other ways of clipping.
    const element* gradient_data() const { return gradients_.data(); }
    // The length of the gradient that was computed last, without the frozen parameters' part; before it was made shorter, but
    // of elements limited by clip_value.
    double gradient_norm() {
        if (norm_ < 0) {
            if (squares_.data() == nullptr) squares_ = _::heap_elements<element>(n_elements / _::chunk_of_squares);
            double sum = 0;
            each_run([&](const _::update_run& r) { sum += _::sum_of_squares<n_elements>(gradients_.data() + r.first, r.count, squares_.data()); });
            norm_ = __builtin_sqrt(sum);
        }
        return norm_;
    }

    // Keras' fit(): epochs over a data set, with validation, callbacks and checkpoints as options say.
    History fit(const Dataset& train, const FitOptions& o = {}) { return _::run_fit(*this, train, o); }

    // Loss, accuracy and confusion matrix over a data set, and metrics; parameters do not change.
    Evaluation evaluate(const Dataset& data, const Metrics& metrics = {}) {
        check_dataset(data);
        if (data.size() == 0) fail<>("evaluate: the data has no samples");
        Evaluation e;
        if (!metrics.empty()) tell(metrics, nullptr, nullptr, 0);
        double counted = 0;
        index labels = 0;
        if (evaluation_workspace_.data() == nullptr) evaluation_workspace_ = _::heap_elements<char>(evaluation::workspace_bytes);
        if constexpr (classifies) {
            e.classes = static_cast<int>(n_classes);
            if constexpr (n_classes <= 1024) e.confusion.assign(static_cast<std::size_t>(e.classes * e.classes), 0);
        }
        BatchOptions bo;
        bo.type = dtype_of<element>;
        auto loader = batches(data, batch_bound, bo);
        for (auto&& [x, y] : loader) {
            check_batch(x, y);
            const index n = x.extents[0];
            _::check_all_ids<typename M::facts, input>(static_cast<const input_element*>(x.data), n);
            const auto given = give_weights(loader.weights(), n);
            element loss = 0;
            if constexpr (checks_labels) check_labels(static_cast<const std::int32_t*>(y.data), n);
            if constexpr (classifies) {
                const auto* const label = static_cast<const std::int32_t*>(y.data);
                run<evaluation>(static_cast<const input_element*>(x.data), label, n, loss);
                for (index i = 0; i < n * labels_per_sample; ++i) {
                    const int p = best(i);
                    e.predicted.push_back(p);
                    if (label[i] == ignored) continue;
                    ++labels;
                    if constexpr (n_classes <= 1024) ++e.confusion[static_cast<std::size_t>(label[i] * e.classes + p)];
                    if (p == label[i]) e.accuracy += 1;
                }
            } else {
                run<evaluation>(static_cast<const input_element*>(x.data), static_cast<const target_element*>(y.data), n, loss);
            }
            if (counted_ != 0) e.loss += static_cast<double>(loss) * counted_, counted += counted_;
            if (!metrics.empty()) tell(metrics, &y, classifies ? e.predicted.data() + e.samples * labels_per_sample : nullptr, n);
            e.samples += n;
        }
        if (!metrics.empty()) metrics.end(e.metric_names, e.metrics);
        e.loss = counted == 0 ? __builtin_nan("") : e.loss / counted;
        if (labels > 0) e.accuracy /= static_cast<double>(labels);
        return e;
    }

    // Tells metrics of the n samples that were evaluated last, and of the classes chosen for them; of none: that a pass begins.
    ETTA_COLD void tell(const Metrics& metrics, const any_view* y, const std::int32_t* chosen, index n) const {
        Predictions p{.samples = n, .logits = classifies || _::of_logits<Loss>, .targets = target_size, .outputs = M::output_size};
        if (classifies) p.classes = static_cast<int>(n_classes);
        if (y == nullptr) return metrics.begin(p);
        if (y->type != dtype::none) p.actual = {y->data, y->type, y->count()};
        p.predicted = p.scores = {prediction_.data(), dtype_of<element>, n * M::output_size};
        if (classifies) p.predicted = {chosen, dtype::i32, n * labels_per_sample};
        metrics.update(p, ignored);
    }

    // Fails if the model cannot be trained on these data.
    static void check_dataset(const Dataset& d) {
        _::check_samples<M>(d);
        if (d.has_weights() && weights_per_sample == 0) fail<>("the data's samples have weights, which this loss does not take: use Weighted<…>");
        if (wants_labels && !d.has_labels()) fail<>("the data has no labels, which this loss needs");
        if (needs_targets && !wants_labels && !d.has_targets()) fail<>("the data has no targets, which this loss needs");
        if (classifies) _::check_classes(d, n_classes, ignored);
        if (wants_labels && d.y_shape().count() != target_size)
            fail<>("a sample has " + std::to_string(d.y_shape().count()) + " labels, the model's prediction takes " + std::to_string(target_size));
        if (!wants_labels && d.has_targets() && d.y_shape().count() != target_size)
            fail<>("a target has " + std::to_string(d.y_shape().count()) + " numbers, the model's prediction " + std::to_string(target_size));
        if constexpr (checks_labels && !classifies) _::check_lists<Loss>(d, n_classes);
    }

    // The model's output for every sample: a vector of [n * output_size] elements. Of a model with several outputs such a vector of
    // each, in the structure that its network gives them: auto [mean, spread] = trainer.predict(data).
    auto predict(const Dataset& data) { return _::predict(*model_, data); }

    Rule rule;
    // Random numbers of a step (dropout) are a function of this seed and of steps(): a run that goes on from the same two
    // draws the same ones.
    seed randomness;
    long steps() const { return steps_; }
    void steps(long n) { steps_ = n; }  // for a run that goes on
    // Calls x.update() after every step, also in fit(): x is an EMA, say. It must live as long as the trainer makes steps. What it
    // remembers stands in checkpoints, if it has append_tensors(list, prefix).
    template <class X>
    void follow(X& x) {
        followers_.push_back({&x, [](void* f) { static_cast<X*>(f)->update(); }, [](void* f, std::vector<named_tensor>& to, const std::string& prefix) {
                                  if constexpr (requires { static_cast<X*>(f)->append_tensors(to, prefix); }) static_cast<X*>(f)->append_tensors(to, prefix);
                              }});
    }
    Schedule schedule;  // over all the trainer's steps; fit()'s own multiplies it
    Schedule momentum;  // the rule's momentum or beta1 over all the trainer's steps; fit()'s own goes before it
    double rate() const { return rule.lr * last_factor_; }  // the rule's at the last step, as the schedules had it

    M& model() { return *model_; }
    // What the last batch counts for where losses of several are averaged: its samples; for a Weighted loss the sum of their weights, for
    // one that ignores a label the part of the labels that are others. A batch that counts for nothing, and whose loss is 0 / 0, makes no step.
    double counted() const { return counted_; }
    // Of n samples, the labels that are not ignored.
    static index count_labels(const std::int32_t* label, index n) {
        index k = n * labels_per_sample;
        if constexpr (ignored != CrossEntropyOptions::no_index)
            for (index i = 0; i < n * labels_per_sample; ++i) k -= label[i] == ignored;
        return k;
    }
    // Of the last step's predictions, those that are these labels.
    index count_right(const std::int32_t* label, index n) const {
        index right = 0;
        for (index i = 0; i < n * labels_per_sample; ++i) right += label[i] != ignored && best(i) == label[i];
        return right;
    }
    // Of the step that is being accumulated: batches so far.
    long pending_batches() const { return static_cast<long>(batches_); }
    // Makes the step of the batches so far, if there are any: fit() does at an epoch's end.
    void finish_step() {
        if (batches_ > 0) make_step();
    }
    int accumulates() const { return accumulate_; }
    // What layers make of their states in a training step on this batch; parameters and optimizer do not change.
    void adapt(const any_view& x, const any_view& y) {
        if constexpr (M::n_states > 0 && sound) {
            gradients(x, y);
            keep_states();
        }
    }
    // f(first, count) for every stretch of the flat buffers that is not frozen.
    template <class F>
    void each_trained(const F& f) {
        each_run([&](const _::update_run& r) { f(r.first, r.count); });
    }
    // Was the last step refused because the loss, the gradient or the rate is not finite, though the data are?
    bool diverged() const { return diverged_; }
    // Where a loss or a gradient's length is not finite: says more than that (watch.hpp).
    std::string (*explain)(Trainer&, const input_element* x, const void* y, index n) = nullptr;
    // Runs a program of the step's arguments, and of one more.
    template <class Program>
    void run_beside(const input_element* x, const void* y, index n, char* workspace, char* results) {
        std::uint64_t key[2] = {randomness.value, draws()};
        char* const buffers[] = {workspace, reinterpret_cast<char*>(model_->parameters.data()), model_->states.data(), const_cast<char*>(reinterpret_cast<const char*>(x)),
                                 const_cast<char*>(static_cast<const char*>(y)), nullptr, nullptr, nullptr, nullptr, reinterpret_cast<char*>(&key[0]), reinterpret_cast<char*>(&key[1]), results,
                                 reinterpret_cast<char*>(weights_.data())};
        _::run_calls<this_target>(Program::run_table, buffers, &n);
    }
    // Factor of the rate beside the schedules', which fit() sets.
    void rate_factor(double f) { factor_ = f; }
    // The rule's momentum in the next steps, which fit() sets. Below 0: that of its own or of the trainer's schedule.
    void momentum_now(double m) { momentum_ = m; }
    // For a run that goes on: the factor of the step before, of which rate() tells.
    void rate_was(double factor) {
        if (!_::wants_last_rate<Rule>) last_factor_ = schedule.factor(steps_, 0) * factor;  // else it is in the checkpoint
    }
    // Which samples of its data set fit() steps on, for errors.
    void samples_from(const Batches* loader) { loader_ = loader; }

    // What beside model and rule belongs to a run, for checkpoints.
    void append_tensors(std::vector<named_tensor>& to) {
        if (accumulate_ > 1) {
            _::append_like_parameters<M>(to, "accumulated.", sum_.data());
            to.push_back({"accumulated.batches", dtype::i64, {}, reinterpret_cast<const std::byte*>(&batches_), sizeof batches_});
            to.push_back({"accumulated.counted", dtype::f64, {}, reinterpret_cast<const std::byte*>(&summed_), sizeof summed_});
        }
        if constexpr (_::wants_last_rate<Rule>) to.push_back({"last_rate_factor", dtype::f64, {}, reinterpret_cast<const std::byte*>(&last_factor_), sizeof last_factor_});
        for (std::size_t i = 0; i < followers_.size(); ++i) followers_[i].append(followers_[i].object, to, i == 0 ? "average." : "average" + std::to_string(i + 1) + ".");
    }
    // The optimizer's state k of parameter i: its elements and extents. None: the rule has no such state for this parameter.
    named_view<element> rule_state(int k, int i) {
        constexpr auto& l = _::rule_states<Rule, typename M::facts, element>;
        return {M::facts::paths.at[i].view(), states_.data() + l.at[k][i], &l.extents[k][i], _::elements_of(l.extents[k][i])};
    }
    // State k of all, laid out like the model's parameters.
    element* state_data(int k) {
        static_assert(!_::sees_extents<Rule>, "etta: this rule's states have extents of their own: use rule_state(k, parameter)");
        return states_.data() + k * n_elements;
    }

private:
    template <class Y>
    double checked_step(const input_element* x, const Y* y, index n) {
        if (schedule.needs_length() || momentum.needs_length()) fail<>("the trainer's schedule has no end: say cosine().over(steps), or give it to fit()");
        diverged_ = false;
        const double loss = gradients(x, y, n);
        if (counted_ == 0 && !(loss - loss == 0)) {  // 0 / 0
            if (accumulate_ > 1 && ++batches_ >= accumulate_) make_step();
            return 0;
        }
        refuse_unless_finite("loss", loss, x, y, n);
        if (sharp_ != nullptr) refuse_unless_finite("loss nearby", (this->*sharp_)(x, y, n), x, y, n);
        if (accumulate_ > 1 && !gather()) return loss;
        make_step(x, y, n);
        return loss;
    }
    // Adds a batch's gradient to the sum: whether it was the last of a step.
    ETTA_COLD bool gather() {
        const element* const g = gradients_.data();
        for (index i = 0; i < n_elements; ++i) sum_.data()[i] += static_cast<element>(counted_) * g[i];
        if constexpr (M::n_states > 0 && sound) keep_states();
        summed_ += counted_;
        return ++batches_ >= accumulate_;
    }
    ETTA_COLD void average() {
        const element part = static_cast<element>(1 / summed_);
        for (index i = 0; i < n_elements; ++i) gradients_.data()[i] = part * sum_.data()[i], sum_.data()[i] = 0;
        batches_ = 0, summed_ = 0;
        norm_ = -1;
    }
    void make_step(const input_element* x = nullptr, const void* y = nullptr, index n = 0) {
        if (batches_ > 0 && summed_ == 0) return void(batches_ = 0);
        const double factor = schedule.factor(steps_ + 1, 0) * factor_;
        refuse_unless_finite("learning rate", rule.lr * factor, nullptr, nullptr, 0);
        const double m = next_momentum();
        if (rule.lr * factor < 0) fail_with<>("the learning rate is %g at step %ld: the parameters were not updated (Maximize{rule} goes up)", rule.lr * factor, steps_ + 1);
        if (batches_ > 0) average();
        if (clip_ != nullptr) (this->*clip_)(x, y, n);
        ++steps_;
        if constexpr (M::n_states > 0 && sound)
            if (accumulate_ == 1) keep_states();
        apply(factor, m);
        last_factor_ = factor;
        for (const follower& f : followers_) f.tell(f.object);
    }
    void refuse_unless_finite(const char* what, double v, const input_element* x, const void* y, index n) {
        if (!(v - v == 0)) refuse(what, v, x, y, n);
    }
    // The data come first: what is not finite there leaves everything else so.
    ETTA_COLD void refuse(const char* what, double v, const input_element* x, const void* y, index n) {
        const char* const which = v != v ? "NaN" : "infinite";
        if (x != nullptr) {
            if constexpr (std::is_floating_point_v<input_element>) _::refuse_bad(x, n * input::sample_size, input::sample_size, "input", what, which, steps_ + 1, loader_);
            if constexpr (needs_targets && !wants_labels)
                _::refuse_bad(static_cast<const target_element*>(y), n * target_size, target_size, "target", what, which, steps_ + 1, loader_);
            if constexpr (weights_per_sample > 0) _::refuse_bad(weights_.data(), n * weights_per_sample, weights_per_sample, "weight", what, which, steps_ + 1, loader_);
        }
        if (explain != nullptr && x != nullptr)
            diverged_ = true, fail_with<>("the %s is %s at step %ld: the parameters were not updated: %s", what, which, steps_ + 1, explain(*this, x, y, n).c_str());
        diverged_ = true, fail_with<>("the %s is %s at step %ld: the parameters were not updated", what, which, steps_ + 1);
    }
    // Foret et al. 2021: the gradient not here but where the loss is largest nearby, p + rho g / |g|. Predictions and layers' states
    // are those of the first pass.
    ETTA_COLD double gradients_nearby(const input_element* x, const void* y, index n) {
        const double scale = radius_ / (gradient_norm() + 1e-12);
        __builtin_memcpy(sum_.data(), model_->parameters.data(), static_cast<std::size_t>(n_elements) * sizeof(element));
        if constexpr (M::n_states > 0) __builtin_memcpy(kept_states_.data(), next_states_.data(), static_cast<std::size_t>(M::state_bytes));
        __builtin_memcpy(kept_prediction_.data(), prediction_.data(), static_cast<std::size_t>(n * M::output_size) * sizeof(element));
        each_run([&](const _::update_run& r) {
            for (index i = r.first; i < r.first + r.count; ++i) model_->parameters.data()[i] += static_cast<element>(scale) * gradients_.data()[i];
        });
        element loss = 0;
        norm_ = -1;
        run<program>(x, static_cast<const target_element*>(y), n, loss);
        __builtin_memcpy(model_->parameters.data(), sum_.data(), static_cast<std::size_t>(n_elements) * sizeof(element));
        __builtin_memcpy(prediction_.data(), kept_prediction_.data(), static_cast<std::size_t>(n * M::output_size) * sizeof(element));
        if constexpr (M::n_states > 0) __builtin_memcpy(next_states_.data(), kept_states_.data(), static_cast<std::size_t>(M::state_bytes));
        return static_cast<double>(loss);
    }
    // Tells the random numbers of one pass from those of another.
    std::uint64_t draws() const { return static_cast<std::uint64_t>(steps_) * static_cast<std::uint64_t>(accumulate_) + static_cast<std::uint64_t>(batches_); }
    // The step was good: what its layers made of their states becomes the model's.
    void keep_states() {
        using facts = typename M::facts;
        for (int i = 0; i < M::n_states; ++i)
            if (source::facts.updates[i]) {
                const index at = facts::states.at[i].offset;
                __builtin_memcpy(model_->states.data() + at, next_states_.data() + at, static_cast<std::size_t>(facts::states.count[i] * size_of(facts::states.type[i])));
            }
    }
    // The buffers of the step's program, and of the evaluation's, but for the workspace.
    struct bound_step {
        std::uint64_t key[2];
        char* buffers[13];
    };
    template <class Y>
    bound_step bind(const input_element* x, const Y* y, index n, element& loss) {
        const element* weights = nullptr;
        counted_ = static_cast<double>(n);
        if constexpr (weights_per_sample > 0) weights = weights_of(y, n);
        if constexpr (_::divided_by_weights<Loss>) {
            counted_ = 0;
            for (index i = 0; i < n * weights_per_sample; ++i) counted_ += static_cast<double>(weights[i]);
            counted_ /= weights_per_sample;
        } else if constexpr (classifies && ignored != CrossEntropyOptions::no_index) {
            counted_ = static_cast<double>(count_labels(y, n)) / labels_per_sample;
        }
        return {{randomness.value, draws()},
                {nullptr, reinterpret_cast<char*>(model_->parameters.data()), model_->states.data(), const_cast<char*>(reinterpret_cast<const char*>(x)),
                 const_cast<char*>(reinterpret_cast<const char*>(y)), reinterpret_cast<char*>(&loss), reinterpret_cast<char*>(prediction_.data()), reinterpret_cast<char*>(gradients_.data()),
                 next_states_.data(), nullptr, nullptr, nullptr, const_cast<char*>(reinterpret_cast<const char*>(weights))}};
    }
    template <class Program, class Y>
    void run(const input_element* x, const Y* y, index n, element& loss) {
        run_part(Program::run_table, std::is_same_v<Program, program> ? workspace_.data() : evaluation_workspace_.data(), bind(x, y, n, loss), n);
    }
    static void run_part(const _::program_table& p, char* workspace, bound_step b, index n) {
        b.buffers[0] = workspace, b.buffers[9] = reinterpret_cast<char*>(&b.key[0]), b.buffers[10] = reinterpret_cast<char*>(&b.key[1]);
        _::run_calls<this_target>(p, b.buffers, &n);
    }
    template <class Y>
    const element* weights_of(const Y* y, index n) {
        if (weights_.empty()) weights_.resize(static_cast<std::size_t>(batch_bound * weights_per_sample));
        for (index i = 0; i < n * weights_per_sample; ++i) {
            double w = given_weights_ == nullptr ? 1 : static_cast<double>(given_weights_[i]);
            if (w < 0) fail_with<>("weight %lld of the batch is %g, expected 0 or more", static_cast<long long>(i), w);
            if constexpr (classifies)
                if (!class_weight_.empty()) w *= y[i] >= 0 && y[i] < n_classes ? class_weight_[static_cast<std::size_t>(y[i])] : 0;
            weights_[static_cast<std::size_t>(i)] = static_cast<element>(w);
        }
        return weights_.data();
    }
    // The update, run by run; one run where there are no groups.
    double next_momentum() const { return momentum_ >= 0 ? momentum_ : momentum.given() ? _::checked_momentum<Rule>(momentum.factor(steps_ + 1, 0)) : -1; }
    void apply(double factor, double m) {
        _::update_each<Rule, typename M::facts, element>(m >= 0 ? _::with_momentum(rule, m) : rule, steps_, factor, last_factor_, gradient_scale_, model_->parameters.data(), gradients_.data(), states_.data(), room_, [&](const auto& f) { each_run(f); });
    }
    template <class F>
    void each_run(const F& f) {
        if (runs_.empty()) f(_::update_run{0, n_elements, {}});
        for (const _::update_run& r : runs_)
            if (!r.options.frozen) f(r);
    }
    // torch.nn.utils.clip_grad_norm_ and clip_grad_value_. Nothing is updated from a gradient without a length. The whole gradient is
    // shortened where the update reads it, which takes no pass over it.
    void clip_by_norm(const input_element* x, const void* y, index n) {
        const double norm = gradient_norm(), whole = clip_at_ / (norm + 1e-6);
        refuse_unless_finite("gradient's norm", norm, x, y, n);
        gradient_scale_ = 1;
        if (!_::per_parameter<Rule> && !clip_each_) return void(gradient_scale_ = whole < 1 ? whole : 1);
        const auto shorten = [this](double length, index first, index count) {
            const double scale = clip_at_ / (length + 1e-6);
            if (scale < 1) _::run_update<_::scale_by, element, n_elements>(&scale, gradients_.data() + first, nullptr, nullptr, count);
        };
        if (!clip_each_) each_run([&](const _::update_run& r) { shorten(norm, r.first, r.count); });
        else
            for (int i = 0; i < M::n_parameters; ++i) {
                const auto& p = M::facts::starts.at[i];
                shorten(__builtin_sqrt(_::sum_of_squares<n_elements>(gradients_.data() + p.first, p.count, squares_.data())), p.first, p.count);
            }
    }
    void clip_by_value(const input_element*, const void*, index) {
        each_run([&](const _::update_run& r) {
            _::run_update<_::limit_to, element, n_elements>(&clip_at_, gradients_.data() + r.first, nullptr, nullptr, r.count);
        });
    }
    // Of the i-th label of the batch.
    int best(index i) const {
        const element* const p = prediction_.data() + i * n_classes;
        int k = 0;
        for (int c = 1; c < static_cast<int>(n_classes); ++c)
            if (p[c] > p[k]) k = c;
        return k;
    }
    struct given_until {  // also where a step throws
        const element*& w;
        ~given_until() { w = nullptr; }
    };
    given_until give_weights(const void* weights, [[maybe_unused]] index n) {
        if constexpr (weights_per_sample == 1) {
            given_weights_ = static_cast<const element*>(weights);
        } else if constexpr (weights_per_sample > 1) {
            if (weights != nullptr) {
                label_weights_.resize(static_cast<std::size_t>(n * weights_per_sample));
                for (index i = 0; i < n * weights_per_sample; ++i)
                    label_weights_[static_cast<std::size_t>(i)] = static_cast<const element*>(weights)[i / weights_per_sample];
                given_weights_ = label_weights_.data();
            }
        }
        return given_until{given_weights_};
    }
    static void check_size(index n) {
        if (n < 1 || n > batch_bound) fail_with<>("a batch of %lld samples; the model takes 1 to max_batch<%d>", static_cast<long long>(n), batch_bound);
    }
    static void check_labels(const std::int32_t* y, index n) {
        if constexpr (!classifies) return Loss::check_labels(y, n, n_classes);
        for (index i = 0; i < n * labels_per_sample; ++i)
            if ((y[i] < 0 || y[i] >= n_classes) && y[i] != ignored)
                fail_with<>("label %d of sample %lld in the batch is outside 0 .. %lld", y[i], static_cast<long long>(i / labels_per_sample), static_cast<long long>(n_classes - 1));
    }
    static void check_batch(const any_view& x, const any_view& y) {
        check_size(x.extents[0]);
        if (x.type != dtype_of<input_element>) fail<>("the batch's x is " + std::string(name_of(x.type)) + ", the model takes " + std::string(name_of(dtype_of<input_element>)));
        index per_sample = 1;
        for (int i = 1; i < x.rank; ++i) per_sample *= x.extents[i];
        if (per_sample != input::sample_size) fail<>("a sample has " + std::to_string(per_sample) + " elements, the model takes " + std::to_string(input::sample_size));
        if (!classifies && !needs_targets) return;
        if (y.type == dtype_of<target_element> && y.count() != x.extents[0] * target_size)
            fail_with<>("the batch has %lld targets for %lld samples; this loss takes %lld a sample", static_cast<long long>(y.count()), static_cast<long long>(x.extents[0]), static_cast<long long>(target_size));
        if (y.type != dtype_of<target_element>)
            fail<>(wants_labels ? "the batch has no class labels (int32), which this loss needs" : "the batch has no targets of the model's element type");
    }
    M* model_;
    _::heap_elements<element> gradients_, states_;
    _::heap_elements<char> workspace_, evaluation_workspace_;  // the second at the first evaluate()
    _::heap_elements<char> next_states_, kept_states_;  // kept_: of the first pass, with sam
    _::heap_elements<element> kept_prediction_;
    _::update_room room_;
    _::heap_elements<element> prediction_;
    std::vector<_::update_run> runs_;  // none: all parameters alike
    void (Trainer::*clip_)(const input_element*, const void*, index) = nullptr;
    double (Trainer::*sharp_)(const input_element*, const void*, index) = nullptr;
    double gradient_scale_ = 1, clip_at_ = 0, norm_ = -1;   // norm_ < 0: not known yet
    bool clip_each_ = false, diverged_ = false;
    _::heap_elements<element> squares_;
    static constexpr std::int64_t ignored = _::ignored_label<Loss>();
    std::vector<element> weights_;  // of the batch's samples, for a loss that takes them
    std::vector<double> class_weight_;
    std::vector<element> label_weights_;
    const element* given_weights_ = nullptr;
    struct follower {
        void* object;
        void (*tell)(void*);
        void (*append)(void*, std::vector<named_tensor>&, const std::string&);
    };
    std::vector<follower> followers_;
    _::heap_elements<element> sum_;  // of gradients that make one step; with sam, where the parameters are kept
    std::int64_t batches_ = 0;       // in the sum,
    double summed_ = 0, counted_ = 0;  // what they count for; what the last batch does
    int accumulate_ = 1;
    double radius_ = 0;
    double factor_ = 1, last_factor_ = 1, momentum_ = -1;
    const Batches* loader_ = nullptr;
    long steps_ = 0;
};
template <class M, class Loss, class Rule>
Trainer(M&, Loss, Rule) -> Trainer<M, Loss, Rule>;
template <class M, class Loss, class Rule>
Trainer(M&, Loss, Rule, TrainerOptions) -> Trainer<M, Loss, Rule>;
template <class M, class Loss, class Rule>
Trainer(M&, Loss, Rule, seed) -> Trainer<M, Loss, Rule>;

}  // namespace etta
