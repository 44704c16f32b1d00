// pattern.hpp: choosing parameters by name, as "conv?.weight" does.
#pragma once

#include <string_view>

namespace etta::_ {

// '*' stands for any characters, dots too, '?' for one. O(|pattern| |name|): of several stars only the last is moved back to.
constexpr bool pattern_matches(std::string_view pattern, std::string_view name) {
    std::size_t p = 0, n = 0, star = pattern.size(), tried = 0;
    while (n < name.size()) {
        if (p < pattern.size() && pattern[p] == '*') star = p++, tried = n;
        else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) ++p, ++n;
        else if (star < pattern.size()) p = star + 1, n = ++tried;
        else return false;
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

}  // namespace etta::_
