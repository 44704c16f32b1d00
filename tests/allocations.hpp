// allocations.hpp: counts what a test program allocates. Defines operator new, so one file of an executable includes it.
#pragma once

#include <cstdlib>
#include <new>

namespace {
long allocations = 0, allocated = 0;  // how often, how many bytes
void* counted(std::size_t n, std::size_t alignment) {
    ++allocations, allocated += static_cast<long>(n);
    void* const p = std::aligned_alloc(alignment, (n + alignment - 1) / alignment * alignment + (n == 0 ? alignment : 0));
    if (p == nullptr) throw std::bad_alloc();
    return p;
}
}  // namespace
[[gnu::noinline]] void* operator new(std::size_t n) { return counted(n, 16); }
[[gnu::noinline]] void* operator new[](std::size_t n) { return counted(n, 16); }
[[gnu::noinline]] void* operator new(std::size_t n, std::align_val_t a) { return counted(n, static_cast<std::size_t>(a)); }
[[gnu::noinline]] void* operator new[](std::size_t n, std::align_val_t a) { return counted(n, static_cast<std::size_t>(a)); }
[[gnu::noinline]] void* operator new(std::size_t n, const std::nothrow_t&) noexcept { return counted(n, 16); }
[[gnu::noinline]] void* operator new[](std::size_t n, const std::nothrow_t&) noexcept { return counted(n, 16); }
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
