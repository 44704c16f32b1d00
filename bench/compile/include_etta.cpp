#include <etta/etta.hpp>

int main() {}
