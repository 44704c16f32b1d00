// vec.hpp: a growable array for constant expressions. Graphs and plans are built in these and then copied into arrays
// of exactly their size; std::vector would do, but not on every standard library that etta supports.
#pragma once

namespace etta::_ {

template <class T>
struct vec {
    T* data = nullptr;
    int size = 0;
    int capacity = 0;

    constexpr vec() = default;
    constexpr explicit vec(int n, const T& value) {
        reserve(n);
        for (int i = 0; i < n; ++i) data[i] = value;
        size = n;
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
        if (size == capacity) {
            const T copy = value;
            reserve(capacity < 8 ? 16 : 2 * capacity);
            data[size] = copy;
        } else {
            data[size] = value;
        }
        return size++;
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
