// SPDX-License-Identifier: Apache-2.0
#include "cuda/counters.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace octet {
namespace test {
namespace {

/** The file that the emulator adds a line of JSON to at each launch, and how much of it has been read. */
std::string file_name;
std::streamoff position = 0;

/** The number behind `"key":` in the object that begins at `from`. */
int64_t NumberAfter(const std::string& line, size_t from, const char* key) {
  const std::string name = std::string("\"") + key + "\":";
  const size_t at = line.find(name, from);
  return at == std::string::npos ? 0 : std::atoll(line.c_str() + at + name.size());
}

void AddTraffic(const std::string& line, const char* object, Traffic* traffic) {
  const size_t at = line.find(std::string("\"") + object + "\":");
  if (at == std::string::npos) return;
  traffic->requests += NumberAfter(line, at, "requests");
  traffic->sectors += NumberAfter(line, at, "sectors");
  traffic->bytes += NumberAfter(line, at, "bytes");
}

int64_t ConflictsOf(const std::string& line, const char* object) {
  const size_t at = line.find(std::string("\"") + object + "\":");
  return at == std::string::npos ? 0 : NumberAfter(line, at, "conflict_wavefronts");
}

/** The product of the three numbers behind `"key":[`. */
int64_t ProductAfter(const std::string& line, const char* key) {
  const std::string name = std::string("\"") + key + "\":[";
  size_t at = line.find(name);
  if (at == std::string::npos) return 0;
  at += name.size() - 1;
  int64_t product = 1;
  for (int i = 0; i < 3; ++i) {
    product *= std::atoll(line.c_str() + at + 1);
    at = line.find_first_of(",]", at + 1);
  }
  return product;
}

/** The sum of the values of the object whose name is at `from`. */
int64_t SumAfter(const std::string& line, size_t from) {
  const size_t open = line.find('{', from);
  const size_t end = line.find('}', from);
  int64_t sum = 0;
  for (size_t at = line.find("\":", open); at < end; at = line.find("\":", at + 1)) {
    sum += std::atoll(line.c_str() + at + 2);
  }
  return sum;
}

void RemoveFile() { std::remove(file_name.c_str()); }

}  // namespace

void AskForCounters() {
  file_name = "/tmp/octet_cuda_counters." + std::to_string(getpid());
  RemoveFile();
  setenv("VGPU_STATS", file_name.c_str(), 1);
  std::atexit(RemoveFile);
}

bool HasCounters() { return std::ifstream(file_name).good(); }

Counters TakeCounters() {
  Counters counters;
  std::ifstream in(file_name);
  in.seekg(position);
  for (std::string line; std::getline(in, line);) {
    ++counters.launches;
    counters.warp_instructions += NumberAfter(line, 0, "warp_instructions");
    AddTraffic(line, "global_load", &counters.load);
    AddTraffic(line, "global_store", &counters.store);
    // "mma" and "ldmatrix" are classes of instructions as well: the objects come after those.
    const size_t objects = line.find("\"mma\":{");
    counters.conflicts += ConflictsOf(line, "shared_load") + ConflictsOf(line, "shared_store") +
                          NumberAfter(line, line.find("\"ldmatrix\":{", objects), "conflict_wavefronts");
    counters.warps += ProductAfter(line, "grid") * (ProductAfter(line, "block") / 32);
    counters.mma += SumAfter(line, objects);
    counters.ldmatrix += NumberAfter(line, line.find("\"ldmatrix\":{", objects), "requests");
    counters.cp_async += NumberAfter(line, 0, "cp_async_requests");
    position += static_cast<std::streamoff>(line.size()) + 1;
  }
  return counters;
}

}  // namespace test
}  // namespace octet
