// catch_main.cpp: Catch2's runner, built once per configuration. Compiled here and not taken from the installed library
// of version 2, which fits neither another standard library nor another processor.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
