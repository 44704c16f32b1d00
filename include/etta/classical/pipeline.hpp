// pipeline.hpp: an imputer, a scaler or PCA, and the model behind it, as one model: fitted together, so that cross-validation and searches
// fit the scaler to each training part only.
#pragma once

#include "../data/impute.hpp"
#include "rows.hpp"

namespace etta {
namespace _ {

// The same samples' labels or targets, and weights, with other numbers.
template <class Host>
Dataset with_x_unweighted(const Dataset& data, Rows x) {
    const dims shape = {x.columns};
    if (data.has_labels()) return Dataset::from(static_cast<std::vector<double>&&>(x.at), shape, labels_of<Host>(data, "Pipeline"), data.classes());
    if (data.has_targets()) {
        std::vector<double> y = targets_of<Host>(data, "Pipeline").at;
        return Dataset::from(static_cast<std::vector<double>&&>(x.at), shape, static_cast<std::vector<double>&&>(y), data.y_shape());
    }
    return Dataset::from(static_cast<std::vector<double>&&>(x.at), shape);
}
template <class Step>
constexpr bool step_takes_weights = true;
template <class Step>
    requires requires { Step::takes_weights; }
constexpr bool step_takes_weights<Step> = Step::takes_weights;

template <class Host>
Dataset with_x(const Dataset& data, Rows x) {
    const Dataset d = with_x_unweighted<Host>(data, static_cast<Rows&&>(x));
    if (!data.has_weights()) return d;
    std::vector<double> weights;
    for (index i = 0; i < data.size(); ++i) weights.push_back(data.weight<Host>(i));
    return d.weighted<Host>(static_cast<std::vector<double>&&>(weights));
}

}  // namespace _

// One step and a model; the model may be a Pipeline itself. A step is anything whose fit(data) gives what has transform: of rows (PCA, KMeans,
// another Pipeline that ends in one), or of samples in place (the scalers, SimpleImputer); one that takes no weights of samples is fitted
// without them. Both stay as given until fit():
//     auto m = etta::make_pipeline(etta::StandardScaler(), etta::PCA{.n_components = 3}, etta::Ridge{.alpha = 2});
//     m.step is the StandardScaler, m.model.step the PCA, m.model.model the Ridge
template <class Step, class Model>
struct Pipeline {
    Step step = {};
    Model model = {};
    std::remove_cvref_t<decltype(std::declval<Step&>().fit(std::declval<const Dataset&>()))> fitted = {};  // what step.fit gave

    Pipeline& fit(const Dataset& data) {
        Step one = step;
        fitted = one.fit(_::step_takes_weights<Step> ? data : data.unweighted());
        model.fit(_::with_x<_::this_host>(data, through(data)));
        return *this;
    }
    // What the step makes of samples.
    Rows through(Rows x) const {
        if constexpr (requires { Rows(fitted.transform(x)); }) {
            return fitted.transform(x);
        } else {
            fitted.transform(x.at);
            return x;
        }
    }
    // What the model has.
    auto predict(const Rows& x) const { return model.predict(through(x)); }
    auto predict_proba(const Rows& x) const { return model.predict_proba(through(x)); }
    auto decision_function(const Rows& x) const { return model.decision_function(through(x)); }
    Rows transform(const Rows& x) const
        requires requires(const Model& m) { Rows(m.transform(x)); }
    {
        return model.transform(through(x));
    }
    double score(const Dataset& data) const { return model.score(_::with_x<_::this_host>(data, through(data))); }
};

// scikit-learn's: steps in order, the model last.
template <class Step, class... Rest>
    requires(sizeof...(Rest) > 0)
auto make_pipeline(Step step, Rest... rest) {
    if constexpr (sizeof...(Rest) == 1) return Pipeline<Step, Rest...>{static_cast<Step&&>(step), static_cast<Rest&&>(rest)...};
    else return Pipeline<Step, decltype(make_pipeline(rest...))>{static_cast<Step&&>(step), make_pipeline(static_cast<Rest&&>(rest)...)};
}

}  // namespace etta
