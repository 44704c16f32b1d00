// A second file of the program that includes stb.hpp: see images.cpp.
#include <etta/io/stb.hpp>

etta::picture decoded_elsewhere(const std::string& path) { return etta::stb(etta::read_file(path), path); }
