// trainer.hpp: Trainer: a model, a loss and an update rule. step() is one batch; fit(), evaluate() and predict() are Keras'
// habits on a Dataset. All memory is allocated at construction; a step allocates nothing.
#pragma once

#include "../data/loader.hpp"
#include "../optim/groups.hpp"
#include "../optim/schedule.hpp"
#include "checkpoint.hpp"
#include "gradient.hpp"
#include "history.hpp"
#include "progress.hpp"
#include "step.hpp"

namespace etta {

// What Trainer does beside its rule: Trainer(model, loss, rule, {.clip_norm = 1}).
struct TrainerOptions {
    std::vector<ParameterGroup> groups = {};  // parameters with a rate or a decay of their own, or frozen ones
    double clip_norm = 0;    // the gradient is made this long where it is longer; 0: not
    double clip_value = 0;   // every element of the gradient is limited to -clip_value … clip_value; 0: not
    Schedule schedule = {};  // over all steps of the trainer, in fit() or not: cosine().over(5000)
    etta::seed seed = etta::seed(0);  // of random numbers in steps: dropout's
    std::vector<double> class_weight = {};  // one per class, for Weighted<CrossEntropy> and its like
};

struct FitOptions {
    int epochs = 1;
    int batch = 32;
    index steps_per_epoch = 0;  // 0: every sample once; else as many batches of samples drawn at random
    Dataset validation = {};
    Schedule schedule = {};
    etta::seed seed = etta::seed(0);  // of the shuffles
    bool shuffle = true;
    Checkpoint checkpoint = {};  // {"run.safetensors", {.steps = 500, .resume = true}}
    bool verbose = true;
};

// What evaluate() found. accuracy and confusion: classifiers only. Where a sample has several labels (those of a text's
// letters), each counts, and stands in `predicted` after the sample's others.
struct Evaluation {
    double loss = 0;
    double accuracy = 0;
    index samples = 0;
    int classes = 0;
    std::vector<index> confusion;       // [actual * classes + predicted]; empty for more than 1024 classes
    std::vector<std::int32_t> predicted;  // per label
    index confused(int actual, int as) const { return confusion[static_cast<std::size_t>(actual * classes + as)]; }
    // The table, rows actual, columns predicted.
    std::string table() const {
        std::string s = "actual \\ predicted\n     ";
        char b[32];
        for (int k = 0; k < classes; ++k) std::snprintf(b, sizeof b, "%5d", k), s += b;
        s += '\n';
        for (int i = 0; i < classes; ++i) {
            std::snprintf(b, sizeof b, "%5d", i), s += b;
            for (int k = 0; k < classes; ++k) {
                if (confused(i, k) == 0) s += "    .";
                else std::snprintf(b, sizeof b, "%5ld", static_cast<long>(confused(i, k))), s += b;
            }
            s += '\n';
        }
        return s;
    }
};

template <class M, class Loss, class Rule>
class Trainer {
public:
    using element = typename M::element;
    using net = typename M::net_type;
    using input = typename M::input_type;
    using input_element = typename M::input_element;
    using model_type = M;
    using rule_type = Rule;
    static constexpr int batch_bound = M::batch_bound;
    static constexpr bool sound = _::check_model<net, input, batch_bound, _::training_source<net, input, batch_bound, Loss>>();
    using source = _::sound<sound, _::training_source<net, input, batch_bound, Loss>>;
    using program = _::program<source, this_target>;
    using evaluation = _::program<_::sound<sound, _::evaluation_source<net, input, batch_bound, Loss>>, this_target>;
    static constexpr index n_elements = M::facts::layout.elements;
    using update = _::program<_::update_source<Rule, element, n_elements>, this_target>;
    static constexpr bool classifies = _::takes_labels<Loss>();
    // Logits lie along the last axis of a prediction; each has a label.
    static constexpr index n_classes = M::output_shape.rank > 1 ? static_cast<index>(M::output_shape.at[M::output_shape.rank - 1].code) : 1;
    static constexpr index labels_per_sample = M::output_size / n_classes;
    static constexpr bool needs_targets = _::loss_of_prediction<Loss> && !classifies;
    // The target's elements: labels, or numbers of the model's type; how many there are in a sample's, and how many weights.
    using target_element = etta::type_of<_::target_type<Loss>(dtype_of<element>)>;
    static constexpr bool wants_labels = classifies || (needs_targets && std::is_same_v<target_element, std::int32_t>);
    static constexpr index target_size = _::elements_per_sample(_::target_shape<Loss>(M::output_shape));
    static constexpr index weights_per_sample = _::takes_weights<Loss> ? _::elements_per_sample(_::weight_shape<Loss>(M::output_shape)) : 0;
    // Bytes a step needs beside the parameters.
    static constexpr index workspace_bytes = program::workspace_bytes;
    static constexpr index gradient_bytes = M::parameter_bytes;
    static constexpr index state_bytes = Rule::states * M::parameter_bytes;
    // The fewest samples of a step: batch normalisation of single numbers needs two.
    static constexpr int least_batch = source::facts.least_batch;

    Trainer(M& model, Loss, Rule rule, seed randomness = seed(0))
        : rule(rule), randomness(randomness), model_(&model), gradients_(n_elements), states_(Rule::states * n_elements), workspace_(workspace_bytes),
          prediction_(batch_bound * M::output_size) {
        if constexpr (M::n_states > 0) next_states_ = _::heap_elements<char>(M::state_bytes);
    }
    Trainer(M& model, Loss loss, Rule rule, const TrainerOptions& o) : Trainer(model, loss, rule, o.seed) {
        schedule = o.schedule;
        if (!o.groups.empty()) runs_ = _::runs_of<typename M::facts>(o.groups);
        for (const _::update_run& r : runs_)
            if (!_::has_decay<Rule> && r.options.weight_decay >= 0) fail<>("a group sets weight_decay, which the rule does not have");
        if (o.clip_norm > 0 && o.clip_value > 0) fail<>("gradients are clipped by norm or by value, not by both");
        clip_at_ = o.clip_norm > 0 ? o.clip_norm : o.clip_value;
        if (clip_at_ > 0) clip_ = o.clip_norm > 0 ? &Trainer::clip_by_norm : &Trainer::clip_by_value;
        if (o.clip_norm > 0) squares_ = _::heap_elements<element>(n_elements / _::chunk_of_squares);
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
        const struct reset {  // also where the step throws
            const element*& w;
            ~reset() { w = nullptr; }
        } when_done{given_weights_};
        return step(x, y, n);
    }
    double step(const any_view& x, const any_view& y) {
        check_batch(x, y);
        return step(static_cast<const input_element*>(x.data), static_cast<const target_element*>(y.data), x.extents[0]);
    }

    // The loss and its gradient (parameter by parameter, laid out like the model's), without an update.
    template <class Y>
    double gradients(const input_element* x, const Y* y, index n) {
        if constexpr (!takes<Y>()) {
            return 0;
        } else {
            check_size(n);
            if (n < least_batch) fail_with<>("a batch of %lld samples; a layer of the model can be trained with %d or more only", static_cast<long long>(n), least_batch);
            if constexpr (classifies) check_labels(y, n);
            element loss = 0;
            norm_ = -1;
            run<program>(x, y, n, loss);
            return static_cast<double>(loss);
        }
    }
    // Are these the targets that the loss needs? A static_assert has said what they are if not.
    template <class Y>
    static constexpr bool takes() {
        if constexpr (classifies) static_assert(std::is_same_v<Y, std::int32_t>, "etta: the targets of this loss are class labels: std::int32_t");
        else if constexpr (wants_labels) static_assert(std::is_same_v<Y, std::int32_t>, "etta: the targets of this loss are labels: std::int32_t");
        else if constexpr (needs_targets) static_assert(std::is_same_v<Y, element>, "etta: the targets of this loss are numbers of the model's element type");
        return !(classifies || needs_targets) || std::is_same_v<Y, target_element>;
    }
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

    History fit(const Dataset& train, const FitOptions& o = {}) {
        check_dataset(train);
        if (o.validation.size() > 0) check_dataset(o.validation);
        const index batch = o.batch;
        if (batch < 1 || batch > batch_bound) fail<>("fit: a batch of " + std::to_string(batch) + "; the model takes 1 to " + std::to_string(batch_bound));
        const index left = o.steps_per_epoch > 0 ? 0 : train.size() % batch;
        if (left > 0 && left < least_batch)
            fail<>("fit: of " + std::to_string(train.size()) + " samples, batches of " + std::to_string(batch) + " leave a last one of " + std::to_string(left) +
                   ", and a layer of the model can be trained with " + std::to_string(least_batch) + " or more only: choose another size");
        batch_options bo;
        if (o.shuffle) bo.shuffle = o.seed;
        bo.type = dtype_of<element>;
        bo.steps = o.steps_per_epoch;
        auto loader = batches(train, batch, bo);
        const long per_epoch = static_cast<long>(loader.size()), total = per_epoch * o.epochs;
        _::fit_state s;
        o.checkpoint.resume(*this, loader, s);
        History& h = s.history;
        h.classification = classifies, h.validated = o.validation.size() > 0;
        _::progress_bar bar(o.verbose, o.epochs);
        const struct reset {  // also where a step throws
            double& factor;
            ~reset() { factor = 1; }
        } when_done{factor_};
        for (int epoch = static_cast<int>(s.loader.epoch) + 1; epoch <= o.epochs; ++epoch) {
            const double start = _::seconds_now();
            EpochRecord r;
            r.epoch = epoch;
            long done = static_cast<long>(s.loader.batch);
            for (auto&& [x, y] : loader) {
                const long at = (epoch - 1) * per_epoch + ++done;
                factor_ = o.schedule.factor(at, total);
                const index n = x.extents[0];
                const double loss = step(x, y);
                s.loss += loss * static_cast<double>(n);
                s.seen += n;
                if constexpr (classifies) s.right += count_right(static_cast<const std::int32_t*>(y.data), n);
                bar.step(epoch, done, per_epoch, s.loss / static_cast<double>(s.seen));
                if (o.checkpoint.due(at) && done < per_epoch) s.loader = loader.position(), o.checkpoint.save(*this, s);
            }
            if (s.seen > 0) r.loss = s.loss / static_cast<double>(s.seen), r.accuracy = static_cast<double>(s.right) / static_cast<double>(s.seen * labels_per_sample);
            r.rate = rule.lr * last_factor_;
            if (h.validated) {
                const Evaluation e = evaluate(o.validation);
                r.validation_loss = e.loss, r.validation_accuracy = e.accuracy;
            }
            r.seconds = _::seconds_now() - start;
            h.epochs.push_back(r);
            s.begin_epoch(loader.position());
            o.checkpoint.save(*this, s);
            bar.epoch(epoch, describe(r, h));
        }
        return h;
    }

    // Loss, accuracy and confusion matrix over a data set; parameters do not change.
    Evaluation evaluate(const Dataset& data) {
        check_dataset(data);
        Evaluation e;
        [[maybe_unused]] index left_out = 0;  // labels that are ignored
        if (evaluation_workspace_.data() == nullptr) evaluation_workspace_ = _::heap_elements<char>(evaluation::workspace_bytes);
        if constexpr (classifies) {
            e.classes = static_cast<int>(n_classes);
            if constexpr (n_classes <= 1024) e.confusion.assign(static_cast<std::size_t>(e.classes * e.classes), 0);
        }
        batch_options bo;
        bo.type = dtype_of<element>;
        auto loader = batches(data, batch_bound, bo);
        for (auto&& [x, y] : loader) {
            check_batch(x, y);
            const index n = x.extents[0];
            element loss = 0;
            if constexpr (classifies) {
                const auto* const label = static_cast<const std::int32_t*>(y.data);
                check_labels(label, n);
                run<evaluation>(static_cast<const input_element*>(x.data), label, n, loss);
                for (index i = 0; i < n * labels_per_sample; ++i) {
                    const int p = best(i);
                    e.predicted.push_back(p);
                    if (label[i] == ignored) {
                        ++left_out;
                        continue;
                    }
                    if constexpr (n_classes <= 1024) ++e.confusion[static_cast<std::size_t>(label[i] * e.classes + p)];
                    if (p == label[i]) e.accuracy += 1;
                }
            } else {
                run<evaluation>(static_cast<const input_element*>(x.data), static_cast<const target_element*>(y.data), n, loss);
            }
            e.loss += static_cast<double>(loss) * static_cast<double>(n);
            e.samples += n;
        }
        if (e.samples > 0) e.loss /= static_cast<double>(e.samples);
        if (e.samples * labels_per_sample > left_out) e.accuracy /= static_cast<double>(e.samples * labels_per_sample - left_out);
        return e;
    }

    // Predictions for every sample: [n * output_size] elements.
    std::vector<element> predict(const Dataset& data) {
        std::vector<element> out(static_cast<std::size_t>(data.size() * M::output_size));
        batch_options bo;
        bo.type = dtype_of<element>;
        index at = 0;
        for (auto&& [x, y] : batches(data, batch_bound, bo)) {
            model_->run(static_cast<const input_element*>(x.data), out.data() + at, x.extents[0]);
            at += x.extents[0] * M::output_size;
        }
        return out;
    }

    Rule rule;
    // Random numbers of a step (dropout) are a function of this seed and of steps(): a run that goes on from the same two
    // draws the same ones.
    seed randomness;
    long steps() const { return steps_; }
    void steps(long n) { steps_ = n; }  // for a run that goes on
    // Calls x.update() after every step, also in fit(): x is an EMA, say. It must live as long as the trainer makes steps.
    template <class X>
    void follow(X& x) {
        follower_ = &x;
        tell_ = [](void* f) { static_cast<X*>(f)->update(); };
    }
    Schedule schedule;  // over all the trainer's steps; fit()'s own multiplies it
    double rate() const { return rule.lr * last_factor_; }  // the rule's at the last step, as the schedules had it

    M& model() { return *model_; }
    // The optimizer's state k, laid out like the model's parameters.
    element* state_data(int k) { return states_.data() + k * n_elements; }

private:
    template <class Y>
    double checked_step(const input_element* x, const Y* y, index n) {
        if (schedule.needs_length()) fail<>("the trainer's schedule has no end: say cosine().over(steps), or give it to fit()");
        const double loss = gradients(x, y, n);
        if (!(loss - loss == 0)) fail_with<>("the loss is %s at step %ld: the parameters were not updated", loss != loss ? "NaN" : "infinite", steps_ + 1);
        if (clip_ != nullptr) (this->*clip_)();
        ++steps_;
        if constexpr (M::n_states > 0 && sound) keep_states();
        apply(last_factor_ = schedule.factor(steps_, 0) * factor_);
        if (tell_ != nullptr) tell_(follower_);
        return loss;
    }
    // The step was good: what its layers made of their states becomes the model's.
    void keep_states() {
        using facts = typename M::facts;
        for (int i = 0; i < M::n_states; ++i)
            if (source::facts.updates[i]) {
                const index at = facts::states.at[i].offset;
                __builtin_memcpy(model_->states.data() + at, next_states_.data() + at, static_cast<std::size_t>(facts::states.count[i] * size_of(facts::states.type[i])));
            }
    }
    template <class Program, class Y>
    void run(const input_element* x, const Y* y, index n, element& loss) {
        const element* weights = nullptr;
        if constexpr (weights_per_sample > 0) weights = weights_of(y, n);
        std::uint64_t key[2] = {randomness.value, static_cast<std::uint64_t>(steps_)};
        char* const buffers[] = {std::is_same_v<Program, program> ? workspace_.data() : evaluation_workspace_.data(), reinterpret_cast<char*>(model_->parameters.data()), model_->states.data(),
                                 const_cast<char*>(reinterpret_cast<const char*>(x)), const_cast<char*>(reinterpret_cast<const char*>(y)),
                                 reinterpret_cast<char*>(&loss), reinterpret_cast<char*>(prediction_.data()), reinterpret_cast<char*>(gradients_.data()), next_states_.data(),
                                 reinterpret_cast<char*>(&key[0]), reinterpret_cast<char*>(&key[1]), nullptr, const_cast<char*>(reinterpret_cast<const char*>(weights))};
        _::run_calls<this_target>(Program::run_table, buffers, &n);
    }
    template <class Y>
    const element* weights_of(const Y* y, index n) {
        if (weights_.empty()) weights_.resize(static_cast<std::size_t>(batch_bound * weights_per_sample));
        for (index i = 0; i < n * weights_per_sample; ++i) {
            double w = given_weights_ == nullptr ? 1 : static_cast<double>(given_weights_[i]);
            if constexpr (classifies)
                if (!class_weight_.empty()) w *= y[i] >= 0 && y[i] < n_classes ? class_weight_[static_cast<std::size_t>(y[i])] : 0;
            weights_[static_cast<std::size_t>(i)] = static_cast<element>(w);
        }
        return weights_.data();
    }
    // The update, run by run; one run where there are no groups.
    void apply(double factor) {
        double s[Rule::scalars + 1];
        each_run([&](const _::update_run& r) {
            const Rule here = _::rule_of_group(rule, r.options);
            here.prepare(steps_, here.lr * factor, s);
            _::run_update<Rule, element, n_elements>(s, model_->parameters.data() + r.first, gradients_.data() + r.first, states_.data() + r.first, r.count);
        });
    }
    template <class F>
    void each_run(const F& f) {
        if (runs_.empty()) f(_::update_run{0, n_elements, {}});
        for (const _::update_run& r : runs_)
            if (!r.options.frozen) f(r);
    }
    // torch.nn.utils.clip_grad_norm_ and clip_grad_value_. Nothing is updated from a gradient without a length.
    void clip_by_norm() {
        const double norm = gradient_norm(), scale = clip_at_ / (norm + 1e-6);
        if (!(norm - norm == 0)) fail_with<>("the gradient's norm is %s at step %ld: the parameters were not updated", norm != norm ? "NaN" : "infinite", steps_ + 1);
        if (scale < 1)
            each_run([&](const _::update_run& r) {
                _::run_update<_::scale_by, element, n_elements>(&scale, gradients_.data() + r.first, nullptr, nullptr, r.count);
            });
    }
    void clip_by_value() {
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
    index count_right(const std::int32_t* label, index n) const {
        index right = 0;
        for (index i = 0; i < n * labels_per_sample; ++i) right += best(i) == label[i];
        return right;
    }
    static std::string describe(const EpochRecord& r, const History& h) {
        char b[160];
        int n = std::snprintf(b, sizeof b, "loss %.4f", r.loss);
        if (h.classification) n += std::snprintf(b + n, sizeof b - static_cast<std::size_t>(n), "  accuracy %.4f", r.accuracy);
        if (h.validated) n += std::snprintf(b + n, sizeof b - static_cast<std::size_t>(n), "  validation loss %.4f", r.validation_loss);
        if (h.validated && h.classification) n += std::snprintf(b + n, sizeof b - static_cast<std::size_t>(n), "  accuracy %.4f", r.validation_accuracy);
        std::snprintf(b + n, sizeof b - static_cast<std::size_t>(n), "  %.2f s", r.seconds);
        return b;
    }
    static void check_size(index n) {
        if (n < 1 || n > batch_bound) fail_with<>("a batch of %lld samples; the model takes 1 to max_batch<%d>", static_cast<long long>(n), batch_bound);
    }
    static void check_labels(const std::int32_t* y, index n) {
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
        if (classifies || needs_targets ? y.type != dtype_of<target_element> || y.count() != x.extents[0] * target_size : false)
            fail<>(wants_labels ? "the batch has no class labels (int32), which this loss needs" : "the batch has no targets of the model's element type");
    }
    static void check_dataset(const Dataset& d) {
        if (d.has_ids() != std::is_integral_v<input_element>) fail<>(d.has_ids() ? "the data's samples are ids, the model takes numbers" : "the data's samples are numbers, the model takes ids");
        if (d.x_shape().count() != input::sample_size)
            fail<>("the data's samples have shape " + d.x_shape().text() + " (" + std::to_string(d.x_shape().count()) + " elements), the model takes " + std::to_string(input::sample_size));
        if (wants_labels && !d.has_labels()) fail<>("the data has no labels, which this loss needs");
        if (needs_targets && !wants_labels && !d.has_targets()) fail<>("the data has no targets, which this loss needs");
        if (classifies && d.classes() > n_classes) fail<>("the data has " + std::to_string(d.classes()) + " classes, the model " + std::to_string(n_classes) + " outputs");
        if (wants_labels && d.y_shape().count() != target_size)
            fail<>("a sample has " + std::to_string(d.y_shape().count()) + " labels, the model's prediction takes " + std::to_string(target_size));
        if (!wants_labels && d.has_targets() && d.y_shape().count() != target_size)
            fail<>("a target has " + std::to_string(d.y_shape().count()) + " numbers, the model's prediction " + std::to_string(target_size));
    }

    M* model_;
    _::heap_elements<element> gradients_, states_;
    _::heap_elements<char> workspace_, evaluation_workspace_;  // the second at the first evaluate()
    _::heap_elements<char> next_states_;
    _::heap_elements<element> prediction_;
    std::vector<_::update_run> runs_;  // none: all parameters alike
    void (Trainer::*clip_)() = nullptr;
    double clip_at_ = 0, norm_ = -1;   // norm_ < 0: not known yet
    _::heap_elements<element> squares_;
    static constexpr std::int64_t ignored = _::ignored_label<Loss>();
    std::vector<element> weights_;  // of the batch's samples, for a loss that takes them
    std::vector<double> class_weight_;
    const element* given_weights_ = nullptr;
    void* follower_ = nullptr;
    void (*tell_)(void*) = nullptr;
    double factor_ = 1, last_factor_ = 1;
    long steps_ = 0;
};
template <class M, class Loss, class Rule>
Trainer(M&, Loss, Rule) -> Trainer<M, Loss, Rule>;
template <class M, class Loss, class Rule>
Trainer(M&, Loss, Rule, TrainerOptions) -> Trainer<M, Loss, Rule>;
template <class M, class Loss, class Rule>
Trainer(M&, Loss, Rule, seed) -> Trainer<M, Loss, Rule>;

}  // namespace etta
