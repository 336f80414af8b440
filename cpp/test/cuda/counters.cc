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
    counters.conflicts += ConflictsOf(line, "shared_load") + ConflictsOf(line, "shared_store");
    position += static_cast<std::streamoff>(line.size()) + 1;
  }
  return counters;
}

}  // namespace test
}  // namespace octet
