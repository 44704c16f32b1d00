// error.hpp: what happens when run-time data is bad. One function, fail(), reports every such error: it throws
// etta::Error, or, where exceptions are off, calls the handler the program installed. Bad shapes never get here: they
// fail to compile.
#pragma once

#include <cstdarg>
#include <cstdio>

#include "target.hpp"

#if !defined(ETTA_NO_EXCEPTIONS)
#include <stdexcept>
#include <string>
#else
#include <cstdlib>
#endif

namespace etta {

#if !defined(ETTA_NO_EXCEPTIONS)
// The message names the file, tensor or argument, the place in it, what was expected and what was found.
struct Error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

template <class Target = this_target>
[[noreturn]] ETTA_NOINLINE void fail(const std::string& message) {
    throw Error("etta: " + message);
}
template <class Target = this_target>
[[noreturn]] ETTA_NOINLINE void fail(const char* message) {  // without std::string's operators, which a program would compile for this alone
    char text[1000];
    std::snprintf(text, sizeof text, "etta: %s", message);
    throw Error(text);
}
#else
// Called with the message before the program stops. It may not return; by default it aborts.
using error_handler = void (*)(const char* message);
inline error_handler on_error = nullptr;

template <class Target = this_target>
[[noreturn]] ETTA_NOINLINE void fail(const char* message) {
    if (on_error != nullptr) on_error(message);
    std::abort();
}
template <class Target = this_target, class String>
    requires requires(const String& s) { s.c_str(); }
[[noreturn]] ETTA_NOINLINE void fail(const String& message) {
    fail<Target>(message.c_str());
}
#endif

// The same from printf's format: for checks inside functions that run often, whose code a std::string would swell.
template <class Target = this_target>
[[noreturn]] __attribute__((format(printf, 1, 2))) ETTA_NOINLINE void fail_with(const char* format, ...) {
    char text[400];
    va_list values;
    va_start(values, format);
    std::vsnprintf(text, sizeof text, format, values);
    va_end(values);
    fail<Target>(static_cast<const char*>(text));
}

}  // namespace etta
