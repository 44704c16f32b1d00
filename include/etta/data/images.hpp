// images.hpp: image files as samples: single ones, lists of them, and folders with one directory per class.
//
//     #include <etta/data/images.hpp>
//     #include <etta/io/stb.hpp>          // PNG and JPEG
//     const auto flowers = etta::load_image_folder("flowers", {.size = {64, 64}, .decode = etta::stb});
//
// On its own, and not in etta.hpp: most programs read no image files. Folders are read by POSIX' readdir: <filesystem> costs 0.3 s.
#pragma once

#include <dirent.h>

#include "../io/bmp.hpp"
#include "../io/netpbm.hpp"
#include "../io/sort.hpp"
#include "dataset.hpp"
#include "transforms.hpp"

namespace etta {

// Decodes a file that is in memory, or fails and names it: etta::stb, or one's own.
using picture_decoder = picture (*)(std::span<const std::byte> file, const std::string& path);

struct ImageOptions {
    transforms::Size size = {};  // 0: as they are; one number: the shorter edge; {height, width}
    int channels = 3;            // 3: colours, of greys three equal ones; 1: greys; 0: as in the file
    transforms::Interpolation interpolation = transforms::Interpolation::bilinear;
    picture_decoder decode = nullptr;  // of what is not PGM, PPM or BMP
};

namespace _ {

template <class Host>
picture decode_image(std::span<const std::byte> file, const std::string& path, picture_decoder decode) {
    const auto begins = [&](const char* what, std::size_t n) { return file.size() >= n && std::memcmp(file.data(), what, n) == 0; };
    if (begins("P2", 2) || begins("P3", 2) || begins("P5", 2) || begins("P6", 2)) return parse_netpbm<Host>(file, path);
    if (begins("BM", 2)) return parse_bmp<Host>(file, path);
    if (decode != nullptr) return decode(file, path);
    const char* const what = begins("\x89PNG", 4) ? "is a PNG file" : begins("\xFF\xD8\xFF", 3) ? "is a JPEG file" : "is neither PGM, PPM nor BMP";
    fail_in_file<Host>(path, std::string(what) + ": PNG and JPEG are read with {.decode = etta::stb} from <etta/io/stb.hpp>");
}
// To so many channels. Greys are 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601, as Pillow's). A second and a fourth channel are alpha.
template <class Host>
void set_channels(picture& p, index channels, const std::string& path) {
    if (channels != 0 && channels != 1 && channels != 3) fail_in_file<Host>(path, "images have 1 or 3 channels, or as many as the file (0): not " + std::to_string(channels));
    const auto area = static_cast<std::size_t>(p.height * p.width);
    if (channels == 0) return;
    std::vector<float> v(area * static_cast<std::size_t>(channels));
    const float* const from = p.values.data();
    const bool grey = p.channels < 3;
    for (std::size_t i = 0; i < area; ++i) {
        const float r = from[i], g = grey ? r : from[area + i], b = grey ? r : from[2 * area + i];
        if (channels == 1) v[i] = grey ? r : 0.299f * r + 0.587f * g + 0.114f * b;
        else v[i] = r, v[area + i] = g, v[2 * area + i] = b;
    }
    p.values.swap(v);
    p.channels = channels;
}

// A folder's entries but hidden ones, sorted; of directories or of other files.
template <class Host>
std::vector<std::string> names_in(const std::string& folder, bool directories) {
    DIR* const open = ::opendir(folder.c_str());
    if (open == nullptr) fail_by_system<Host>("open", folder, errno);
    std::vector<std::string> names;
    while (const dirent* const entry = ::readdir(open)) {
        struct stat status;
        const std::string name = entry->d_name;
        if (name[0] != '.' && ::stat((folder + "/" + name).c_str(), &status) == 0 && static_cast<bool>(S_ISDIR(status.st_mode)) == directories) names.push_back(name);
    }
    ::closedir(open);
    sort(names.data(), names.size(), [](const std::string& a, const std::string& b) { return a < b; });
    return names;
}
// By its name, as torchvision does, so that notes and thumbnails' databases do no harm.
inline bool is_image_name(const std::string& name) {
    const std::size_t dot = name.rfind('.');
    if (dot == std::string::npos) return false;
    std::string end = name.substr(dot + 1);
    for (char& c : end)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    for (const char* known : {"png", "jpg", "jpeg", "bmp", "pgm", "ppm", "pnm"})
        if (end == known) return true;
    return false;
}
template <class Host>
void images_below(const std::string& folder, std::vector<std::string>& paths, int depth = 0) {
    if (depth > 32) fail_in_file<Host>(folder, "folders in folders, more than 32: a link that leads back?");
    for (const std::string& name : names_in<Host>(folder, false))
        if (is_image_name(name)) paths.push_back(folder + "/" + name);
    for (const std::string& name : names_in<Host>(folder, true)) images_below<Host>(folder + "/" + name, paths, depth + 1);
}

}  // namespace _

// One image: [channels, height, width], values 0 .. 255 (of files with another largest value too), resized with antialias.
template <class Host = _::this_host>
picture read_image(const std::string& path, const ImageOptions& o = {}) {
    picture p = _::decode_image<Host>(read_file_or_gzip<Host>(path), path, o.decode);
    _::set_channels<Host>(p, o.channels, path);
    if (p.maximum != 255)
        for (float& v : p.values) v = v * 255 / static_cast<float>(p.maximum);
    p.maximum = 255;
    if (o.size.height == 0 && o.size.width == 0) return p;
    Image x{{p.channels, p.height, p.width}, static_cast<std::vector<float>&&>(p.values)};
    transforms::Resize{.size = o.size, .interpolation = o.interpolation}(x);
    p.height = x.shape[1], p.width = x.shape[2], p.values = static_cast<std::vector<float>&&>(x.values);
    return p;
}

// Images with a label each, or none, as bytes 0..255 until they are copied (see Dataset::scaled): [channels, height, width]. One that
// has another shape than the first is an error that names it: give a size.
template <class Host = _::this_host>
Dataset load_images(const std::vector<std::string>& paths, std::vector<std::int32_t> labels = {}, const ImageOptions& o = {}, std::vector<std::string> class_names = {}) {
    std::vector<std::uint8_t> x;
    dims shape;
    if (paths.empty()) fail("load_images: there are no files");
    for (const std::string& path : paths) {
        const picture p = read_image<Host>(path, o);
        const dims its{p.channels, p.height, p.width};
        if (shape.rank == 0) shape = its;
        if (!(its == shape))
            _::fail_in_file<Host>(path, "has shape " + its.text() + ", and '" + paths[0] + "' " + shape.text() + ": say what .size and how many .channels all shall have");
        for (const float v : p.values) x.push_back(static_cast<std::uint8_t>(v <= 0 ? 0 : v >= 255 ? 255 : v + 0.5f));
    }
    if (labels.empty()) return Dataset::from<Host>(static_cast<std::vector<std::uint8_t>&&>(x), shape);
    return Dataset::from<Host>(static_cast<std::vector<std::uint8_t>&&>(x), shape, static_cast<std::vector<std::int32_t>&&>(labels), 0, static_cast<std::vector<std::string>&&>(class_names));
}

// torchvision's ImageFolder: folder/cat/1.png, folder/dog/x/2.jpg: each directory is a class, numbered in the order of their names, and
// has the images in it and in the directories below it, in the order of theirs. Other files are left alone; a class without images is
// an error. All are decoded now, one byte per value.
template <class Host = _::this_host>
Dataset load_image_folder(const std::string& folder, const ImageOptions& o = {}) {
    std::vector<std::string> classes = _::names_in<Host>(folder, true), paths;
    std::vector<std::int32_t> labels;
    if (classes.empty()) _::fail_in_file<Host>(folder, "has no directories: expected one for each class");
    for (std::size_t c = 0; c < classes.size(); ++c) {
        _::images_below<Host>(folder + "/" + classes[c], paths);
        if (paths.size() == labels.size()) _::fail_in_file<Host>(folder + "/" + classes[c], "there are no images of this class (png, jpg, jpeg, bmp, pgm, ppm, pnm)");
        labels.resize(paths.size(), static_cast<std::int32_t>(c));
    }
    return load_images<Host>(paths, static_cast<std::vector<std::int32_t>&&>(labels), o, static_cast<std::vector<std::string>&&>(classes));
}

}  // namespace etta
