// json.hpp: as much JSON as the headers of tensor files need, read strictly: objects, strings, non-negative integers. It is
// pulled, not built: the reader asks for what must come next, so nothing is allocated but the strings it keeps, and
// nesting that is not asked for is an error at once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "file.hpp"

namespace etta::_ {

// The length of the UTF-8 character at text[i], 0 if it is not one (RFC 3629: no surrogates, no overlong forms).
constexpr std::size_t utf8_length(std::string_view text, std::size_t i) {
    const auto byte = [&](std::size_t k) { return k < text.size() ? static_cast<unsigned char>(text[k]) : 0u; };
    const auto tail = [&](std::size_t k) { return (byte(k) & 0xC0) == 0x80; };
    const unsigned a = byte(i);
    if (a < 0x80) return 1;
    if (a < 0xC2 || a > 0xF4 || !tail(i + 1)) return 0;
    if (a < 0xE0) return 2;
    const unsigned b = byte(i + 1);
    if ((a == 0xE0 && b < 0xA0) || (a == 0xED && b > 0x9F) || (a == 0xF0 && b < 0x90) || (a == 0xF4 && b > 0x8F)) return 0;
    if (!tail(i + 2)) return 0;
    if (a < 0xF0) return 3;
    return tail(i + 3) ? 4 : 0;
}
constexpr bool is_utf8(std::string_view text) {
    for (std::size_t i = 0, n = 0; i < text.size(); i += n)
        if ((n = utf8_length(text, i)) == 0) return false;
    return true;
}

template <class Host>
struct json_reader {
    const std::string& path;
    std::string_view text;
    std::size_t offset;  // of `text` in the file, for messages
    std::size_t at = 0;

    [[noreturn]] void stop(const std::string& what) const {
        fail_in_file<Host>(path, "byte " + std::to_string(offset + at) + ": " + what);
    }
    std::string found() const {
        if (at >= text.size()) return "the end";
        const auto c = static_cast<unsigned char>(text[at]);
        return c >= 0x20 && c < 0x7F ? std::string("'") + text[at] + "'" : "byte " + std::to_string(c);
    }
    void blanks() {
        while (at < text.size() && (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r')) ++at;
    }
    // True, and past it, if the next character is `c`.
    bool take(char c) {
        blanks();
        if (at >= text.size() || text[at] != c) return false;
        ++at;
        return true;
    }
    void expect(char c) {
        if (!take(c)) stop(std::string("expected '") + c + "', found " + found());
    }

    std::uint64_t unsigned_integer() {
        blanks();
        if (at >= text.size() || text[at] < '0' || text[at] > '9') stop("expected a non-negative integer, found " + found());
        const std::size_t start = at;
        std::uint64_t x = 0;
        for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
            const auto digit = static_cast<std::uint64_t>(text[at] - '0');
            if (x > (~std::uint64_t{0} - digit) / 10) stop("this integer does not fit in 64 bits");
            x = x * 10 + digit;
        }
        if (text[start] == '0' && at - start > 1) stop("an integer does not begin with 0");
        if (at < text.size() && (text[at] == '.' || text[at] == 'e' || text[at] == 'E'))
            stop("expected an integer, found a number with a fraction or an exponent");
        return x;
    }

    // A string, its escapes resolved.
    std::string string() {
        expect('"');
        std::string s;
        for (;;) {
            if (at >= text.size()) stop("a string without an end");
            const char c = text[at];
            if (c == '"') return ++at, s;
            if (c == '\\') {
                escape(s);
            } else if (static_cast<unsigned char>(c) < 0x20) {
                stop("a control character in a string");
            } else {
                const std::size_t n = utf8_length(text, at);
                if (n == 0) stop("not UTF-8");
                s.append(text.substr(at, n));
                at += n;
            }
        }
    }

  private:
    std::uint32_t hex4() {
        std::uint32_t x = 0;
        for (int i = 0; i < 4; ++i, ++at) {
            const char c = at < text.size() ? text[at] : '\0';
            const char low = static_cast<char>(c | 0x20);
            if (c >= '0' && c <= '9') x = x * 16 + static_cast<std::uint32_t>(c - '0');
            else if (low >= 'a' && low <= 'f') x = x * 16 + static_cast<std::uint32_t>(low - 'a' + 10);
            else stop("expected four hexadecimal digits after \\u, found " + found());
        }
        return x;
    }
    void escape(std::string& s) {
        ++at;
        const char c = at < text.size() ? text[at] : '\0';
        ++at;
        switch (c) {
            case '"': case '\\': case '/': s += c; return;
            case 'b': s += '\b'; return;
            case 'f': s += '\f'; return;
            case 'n': s += '\n'; return;
            case 'r': s += '\r'; return;
            case 't': s += '\t'; return;
            case 'u': break;
            default: --at; stop("unknown escape \\ followed by " + found());
        }
        std::uint32_t code = hex4();
        if (code >= 0xD800 && code < 0xDC00) {  // the first half of a pair
            if (text.substr(at, 2) != "\\u") stop("half of a surrogate pair");
            at += 2;
            const std::uint32_t low = hex4();
            if (low < 0xDC00 || low > 0xDFFF) stop("half of a surrogate pair");
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        } else if (code >= 0xDC00 && code < 0xE000) {
            stop("half of a surrogate pair");
        }
        const auto put = [&](std::uint32_t byte) { s += static_cast<char>(byte); };
        if (code < 0x80) {
            put(code);
        } else if (code < 0x800) {
            put(0xC0 | code >> 6), put(0x80 | (code & 63));
        } else if (code < 0x10000) {
            put(0xE0 | code >> 12), put(0x80 | (code >> 6 & 63)), put(0x80 | (code & 63));
        } else {
            put(0xF0 | code >> 18), put(0x80 | (code >> 12 & 63)), put(0x80 | (code >> 6 & 63)), put(0x80 | (code & 63));
        }
    }
};

// `text`, UTF-8, as a JSON string with its quotes.
inline void json_append(std::string& out, std::string_view text) {
    constexpr char hex[] = "0123456789abcdef";
    out += '"';
    for (const char c : text) {
        const auto u = static_cast<unsigned char>(c);
        const char shorthand = c == '\b' ? 'b' : c == '\f' ? 'f' : c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : c;
        if (c == '"' || c == '\\' || shorthand != c) {
            out += '\\';
            out += shorthand;
        } else if (u < 0x20) {
            out += "\\u00";
            out += hex[u >> 4];
            out += hex[u & 15];
        } else {
            out += c;
        }
    }
    out += '"';
}

}  // namespace etta::_
