// text.hpp: text as ids, character by character: the vocabulary of a text. Dataset::windows makes samples of the ids.
//
//     const std::string text = etta::load_text("poems.txt");
//     const auto letters = etta::Vocabulary::of(text);
//     auto train = etta::Dataset::windows(letters.encode(text), 64, 1, letters.size());
#pragma once

#include "dataset.hpp"

namespace etta {

// The bytes that occur in a text, numbered in ascending order. Text is taken byte by byte: of UTF-8, the letters outside ASCII
// are several ids each.
class Vocabulary {
  public:
    static Vocabulary of(std::string_view text) {
        bool there[256] = {};
        for (const char c : text) there[static_cast<unsigned char>(c)] = true;
        Vocabulary v;
        for (int b = 0; b < 256; ++b) {
            v.id_[b] = there[b] ? v.size() : -1;
            if (there[b]) v.bytes_ += static_cast<char>(b);
        }
        return v;
    }

    int size() const { return static_cast<int>(bytes_.size()); }
    const std::string& characters() const { return bytes_; }  // character i is id i: Vocabulary::of(this) is the same one
    int id(char c) const { return id_[static_cast<unsigned char>(c)]; }  // -1: not in the vocabulary

    // Fails at a character that is not in the vocabulary, and says where.
    template <class Host = _::this_host>
    std::vector<std::int32_t> encode(std::string_view text) const {
        std::vector<std::int32_t> ids(text.size());
        for (std::size_t i = 0; i < text.size(); ++i) {
            ids[i] = id(text[i]);
            if (ids[i] < 0)
                fail("the text's byte " + std::to_string(i) + ", of value " + std::to_string(static_cast<unsigned char>(text[i])) +
                     ", is not in the vocabulary of " + std::to_string(size()));
        }
        return ids;
    }
    template <class Host = _::this_host>
    std::string decode(std::span<const std::int32_t> ids) const {
        std::string text(ids.size(), ' ');
        for (std::size_t i = 0; i < ids.size(); ++i) {
            if (ids[i] < 0 || ids[i] >= size())
                fail("id " + std::to_string(ids[i]) + " at place " + std::to_string(i) + " is outside 0 .. " + std::to_string(size() - 1));
            text[i] = bytes_[static_cast<std::size_t>(ids[i])];
        }
        return text;
    }

  private:
    int id_[256] = {};
    std::string bytes_;
};

// A file as text.
template <class Host = _::this_host>
std::string load_text(const std::string& path) {
    const file_bytes bytes = read_file<Host>(path);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
// Its lines, which end in \n or \r\n (the last one may not).
template <class Host = _::this_host>
std::vector<std::string> load_lines(const std::string& path) {
    const std::string text = load_text<Host>(path);
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = text.find('\n', at);
        if (end == std::string::npos) end = text.size();
        lines.push_back(text.substr(at, (end > at && text[end - 1] == '\r' ? end - 1 : end) - at));
        at = end + 1;
    }
    return lines;
}

}  // namespace etta
