// board.cpp: the little that a Cortex-M4 needs before main(): a vector table, the FPU switched on, .data and .bss; and
// semihosting to print and to end the emulator. There is no heap: a call to it ends the test.
#include <cstddef>
#include <cstdint>

extern "C" {
extern std::uint32_t data_load[], data_start[], data_end[], bss_start[], bss_end[], stack_top[];
extern void (*init_start[])();
extern void (*init_end[])();
int main();

static int semihost(int operation, const void* argument) {
    register int r0 __asm("r0") = operation;
    register const void* r1 __asm("r1") = argument;
    __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}
void board_print(const char* text) { semihost(0x04, text); }
[[noreturn]] void board_exit(int status) {
    const std::uint32_t block[2] = {0x20026u, static_cast<std::uint32_t>(status)};
    for (;;) semihost(0x20, block);
}

[[noreturn]] void reset() {
    *reinterpret_cast<volatile std::uint32_t*>(0xE000ED88u) |= 0xFu << 20;  // the FPU's coprocessors
    __asm volatile("dsb\n\tisb" ::: "memory");
    for (std::uint32_t *s = data_load, *d = data_start; d < data_end;) *d++ = *s++;
    for (std::uint32_t* d = bss_start; d < bss_end;) *d++ = 0;
    if (&init_start[0] != &init_end[0]) {
        board_print("static initialisers in the image\n");
        board_exit(121);
    }
    board_exit(main());
}
[[noreturn]] void fault() {
    board_print("fault\n");
    board_exit(125);
}
__attribute__((section(".vectors"), used)) const void* const vectors[16] = {
    stack_top, reinterpret_cast<const void*>(reset), reinterpret_cast<const void*>(fault), reinterpret_cast<const void*>(fault),
    reinterpret_cast<const void*>(fault), reinterpret_cast<const void*>(fault), reinterpret_cast<const void*>(fault)};

[[noreturn]] void abort() {
    board_print("abort\n");
    board_exit(134);
}
void* _sbrk(std::ptrdiff_t) {
    board_print("the heap was used\n");
    board_exit(123);
}
}
