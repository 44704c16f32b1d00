// scratch.hpp: a folder for the files that a test writes, removed with all that is in it when the test ends.
#pragma once

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

class Scratch {
  public:
    Scratch() {
        // In memory where there is such a place: some tests write thousands of files, and disks wait for each.
        const char* base = std::getenv("TMPDIR");
        folder = std::string(base ? base : ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp") + "/etta-test-XXXXXX";
        if (::mkdtemp(folder.data()) == nullptr) std::abort();
    }
    Scratch(const Scratch&) = delete;
    ~Scratch() {
        for (const std::string& name : names()) ::unlink((folder + "/" + name).c_str());
        ::rmdir(folder.c_str());
    }

    std::string path(const std::string& name) const { return folder + "/" + name; }

    // Writes a file, gives its path.
    std::string file(const std::string& name, std::string_view bytes) const {
        std::FILE* f = std::fopen(path(name).c_str(), "wb");
        if (f == nullptr || std::fwrite(bytes.data(), 1, bytes.size(), f) != bytes.size() || std::fclose(f) != 0) std::abort();
        return path(name);
    }

    std::vector<std::string> names() const {
        std::vector<std::string> found;
        DIR* dir = ::opendir(folder.c_str());
        while (const dirent* entry = ::readdir(dir))
            if (std::string_view(entry->d_name) != "." && std::string_view(entry->d_name) != "..") found.push_back(entry->d_name);
        ::closedir(dir);
        return found;
    }

    std::string folder;
};

inline std::string as_text(std::span<const std::byte> bytes) {
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}
