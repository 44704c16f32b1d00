// vec.hpp: a growable array for constant expressions. Graphs and plans are built in these and then copied into arrays
// of exactly their size; std::vector would do, but not on every standard library that etta supports. What runs per node is
// written for compilers that count steps: one expression rather than several statements, and data[i], since a call of
// operator[] is two steps more.
#pragma once

namespace etta::_ {

// g++ evaluates a call with constant arguments when it compiles the body that the call stands in; and what has allocated, as a
// builder does, it evaluates again where the value is wanted. So what builds Graphs takes one of these and hands it on: in a body
// its value is not known, and only the initializer of a constant evaluates the call.
struct late {
    int unknown = 0;
};

template <class T>
struct vec {
    T* data = nullptr;
    int size = 0;
    int capacity = 0;

    constexpr vec() = default;
    constexpr explicit vec(int n) : data(n > 0 ? new T[n]() : nullptr), size(n), capacity(n) {}
    constexpr explicit vec(int n, const T& value) : vec(n) {
        if (value == T()) return;
        for (int i = 0; i < n; ++i) data[i] = value;
    }
    constexpr vec(const vec& o) {
        reserve(o.size);
        for (int i = 0; i < o.size; ++i) data[i] = o.data[i];
        size = o.size;
    }
    constexpr vec(vec&& o) noexcept : data(o.data), size(o.size), capacity(o.capacity) {
        o.data = nullptr;
        o.size = o.capacity = 0;
    }
    constexpr vec& operator=(vec o) noexcept {
        T* const d = data;
        data = o.data;
        o.data = d;
        const int n = size, c = capacity;
        size = o.size, capacity = o.capacity;
        o.size = n, o.capacity = c;
        return *this;
    }
    constexpr ~vec() { delete[] data; }

    constexpr void reserve(int n) {
        if (n <= capacity) return;
        T* const grown = new T[n];
        for (int i = 0; i < size; ++i) grown[i] = data[i];
        delete[] data;
        data = grown;
        capacity = n;
    }
    constexpr int push(const T& value) {
        return (size == capacity ? push_grown(value) : static_cast<void>(data[size] = value)), size++;
    }
    constexpr void push_grown(const T value) {  // a copy: it may lie in what is replaced
        reserve(capacity < 16 ? 64 : 4 * capacity);
        data[size] = value;
    }
    constexpr void append(const T* values, int n) {
        if (size + n > capacity) reserve(4 * (size + n));
        for (int i = 0; i < n; ++i) data[size + i] = values[i];
        size += n;
    }
    constexpr T& operator[](int i) { return data[i]; }
    constexpr const T& operator[](int i) const { return data[i]; }
    constexpr T& back() { return data[size - 1]; }
    constexpr T pop() { return data[--size]; }
    constexpr T* begin() { return data; }
    constexpr T* end() { return data + size; }
    constexpr const T* begin() const { return data; }
    constexpr const T* end() const { return data + size; }
};

}  // namespace etta::_
