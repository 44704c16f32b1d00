// groups.hpp: parameters that are not updated as the rule says: with a rate or a decay of their own, or not at all. Chosen by
// name or by shape; optimizers elsewhere call these parameter groups.
//
//     {.groups = {{etta::vectors_only, {.weight_decay = 0}}, {"embed.*", {.frozen = true}}}}
#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "../core/error.hpp"
#include "../core/extents.hpp"
#include "../nn/pattern.hpp"

namespace etta {

// What is -1 stays as the rule has it.
struct GroupOptions {
    double lr = -1;            // in place of the rule's; schedules multiply it
    double lr_factor = 1;      // times the rate
    double weight_decay = -1;  // in place of the rule's
    bool frozen = false;       // neither the parameters nor the optimizer's state change
    friend constexpr bool operator==(const GroupOptions&, const GroupOptions&) = default;
};

// Which parameters: those whose name fits a pattern, or of which a captureless function of name and extents says so.
struct ParameterChoice {
    using predicate = bool (*)(std::string_view name, const shape& extents);

    ParameterChoice(const char* pattern) : pattern(pattern) {}
    ParameterChoice(std::string pattern) : pattern(static_cast<std::string&&>(pattern)) {}
    template <class F>
        requires(std::is_convertible_v<F, predicate>)
    ParameterChoice(F f) : says(f) {}
    bool takes(std::string_view name, const shape& extents) const { return says != nullptr ? says(name, extents) : _::pattern_matches(pattern, name); }

    std::string pattern;
    predicate says = nullptr;
};
// By rank: weights of layers and embeddings, or what remains: biases, and the gains of normalisations.
inline bool matrices_only(std::string_view, const shape& extents) { return extents.rank >= 2; }
inline bool vectors_only(std::string_view, const shape& extents) { return extents.rank < 2; }

// A parameter belongs to the last group that takes it, and to no other.
struct ParameterGroup {
    ParameterChoice which;
    GroupOptions options = {};
};

namespace _ {

// Neighbours in the parameters' buffer with the same options, their pads included: one pass of the update.
struct update_run {
    index first, count;
    GroupOptions options;
};

// The runs that make up a model's buffer, frozen ones too. Fails if a group takes no parameter.
template <class Facts>
std::vector<update_run> runs_of(const std::vector<ParameterGroup>& groups) {
    std::vector<update_run> runs;
    std::vector<bool> used(groups.size());
    for (int i = 0; i < Facts::n_parameters; ++i) {
        const std::string_view name = Facts::paths.at[i].view();
        GroupOptions o;
        for (std::size_t k = 0; k < groups.size(); ++k)
            if (groups[k].which.takes(name, Facts::layout.extents[i])) o = groups[k].options, used[k] = true;
        const index first = Facts::starts.at[i].first, end = i + 1 < Facts::n_parameters ? Facts::starts.at[i + 1].first : Facts::layout.elements;
        if (!runs.empty() && runs.back().options == o) runs.back().count = end - runs.back().first;
        else runs.push_back({first, end - first, o});
    }
    for (std::size_t k = 0; k < groups.size(); ++k)
        if (!used[k]) {
            std::string there;
            for (int i = 0; i < Facts::n_parameters; ++i) there += (i > 0 ? ", " : "") + std::string(Facts::paths.at[i].view());
            const bool named = groups[k].which.says == nullptr;
            fail<>("group " + std::to_string(k) + (named ? ", '" + groups[k].which.pattern + "'," : std::string()) + " takes no parameter; the model has " + there);
        }
    return runs;
}

// What the rule is for a group. Rules without a weight_decay have none to set.
template <class Rule>
inline constexpr bool has_decay = requires(Rule r) { r.weight_decay = 0.0; };
template <class Rule>
Rule rule_of_group(Rule rule, const GroupOptions& o) {
    if (o.lr >= 0) rule.lr = o.lr;
    rule.lr *= o.lr_factor;
    if constexpr (has_decay<Rule>)
        if (o.weight_decay >= 0) rule.weight_decay = o.weight_decay;
    return rule;
}

}  // namespace _
}  // namespace etta
