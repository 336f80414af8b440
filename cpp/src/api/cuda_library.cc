// SPDX-License-Identifier: Apache-2.0
#include "api/cuda_library.h"

#include <dlfcn.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>

#include "octet/library.h"

namespace octet {
namespace api {
namespace {

constexpr const char* kFileName = "liboctet_cuda.so";
constexpr int32_t kMostDevices = 64;

/** What came of loading. Written under the mutex; the table, once it is there, is read without. */
struct State {
  std::mutex mutex;
  std::atomic<const cuda::Table*> table{nullptr};
  /** Filled in before the table is published. */
  const cuda::EventTable* events = nullptr;
  /** Whether the default places have been tried. */
  bool tried = false;
  std::string why;
  /** Filled in before the table is published. */
  int32_t devices = 0;
  octet_cuda_properties properties[kMostDevices];
};

State& TheState() {
  // Never destroyed: threads may call while the process ends.
  static State* const state = new State;
  return *state;
}

/** The directory of the file that holds this function, with a slash at its end; "" if that can't be told. */
std::string OwnDirectory() {
  Dl_info info;
  if (dladdr(reinterpret_cast<const void*>(&octet_version), &info) == 0 || info.dli_fname == nullptr) return "";
  const std::string file = info.dli_fname;
  const size_t slash = file.rfind('/');
  return slash == std::string::npos ? "" : file.substr(0, slash + 1);
}

bool FileExists(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file != nullptr) std::fclose(file);
  return file != nullptr;
}

/** The file to load: a path, or a name to look for on the library path. */
std::string DefaultFile() {
  const char* named = std::getenv("OCTET_CUDA_LIBRARY");
  if (named != nullptr && named[0] != '\0') return named;
  const std::string beside = OwnDirectory() + kFileName;
  return FileExists(beside) ? beside : kFileName;
}

std::string LoadFailure(const std::string& file) {
  const char* reason = dlerror();
  const std::string words = reason != nullptr ? reason : "unknown reason";
  if (words.find("libcudart") != std::string::npos) {
    return "the CUDA runtime library, which this build of " + std::string(kFileName) +
           " needs, was not found: install CUDA 13 or use the build that contains it (" + words + ")";
  }
  if (file == kFileName) {
    return std::string(kFileName) + ", the library with the CUDA kernels, was not found in " + OwnDirectory() +
           " or on the library path: put it there or name it in OCTET_CUDA_LIBRARY (" + words + ")";
  }
  return file + ", the library with the CUDA kernels, can't be loaded (" + words + ")";
}

std::string Architecture(const octet_cuda_properties& properties) {
  return "sm_" + std::to_string(properties.major) + std::to_string(properties.minor);
}

/** Looks at the devices; words if none can be used. */
std::string ReadDevices(const cuda::Table& table, State* state) {
  char message[512] = "";
  cuda::Call call = {0, nullptr, message, sizeof(message)};
  int32_t count = 0;
  if (table.device.count(&call, &count) != OCTET_OK) return message;
  state->devices = count < kMostDevices ? count : kMostDevices;
  std::string unsupported;
  bool any = false;
  for (int32_t device = 0; device < state->devices; ++device) {
    call.device = device;
    octet_cuda_properties* properties = &state->properties[device];
    if (table.device.properties(&call, properties) != OCTET_OK) return message;
    any = any || properties->supported != 0;
    if (properties->supported == 0) {
      unsupported +=
          (unsupported.empty() ? "" : ", ") + std::string(properties->name) + " (" + Architecture(*properties) + ")";
    }
  }
  if (any) return "";
  return "this build of liboctet_cuda has no kernels for the architecture of " + unsupported +
         ": it needs a newer device, or a build with that architecture in OCTET_CUDA_ARCHS";
}

/** Loads a file; words if that fails. */
std::string Load(const std::string& file, State* state) {
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return LoadFailure(file);
  const auto get_table = reinterpret_cast<const cuda::Table* (*)()>(dlsym(library, cuda::kTableSymbol));
  const cuda::Table* table = get_table != nullptr ? get_table() : nullptr;
  const auto get_events = reinterpret_cast<const cuda::EventTable* (*)()>(dlsym(library, cuda::kEventTableSymbol));
  const cuda::EventTable* events = get_events != nullptr ? get_events() : nullptr;
  std::string why;
  if (table == nullptr) {
    why = file + " is no library of Octet's CUDA kernels: it has no function " + cuda::kTableSymbol;
  } else if (table->version != cuda::kVersion || table->bytes != sizeof(cuda::Table) || events == nullptr ||
             events->bytes != sizeof(cuda::EventTable) || std::strcmp(table->library_version, octet_version()) != 0) {
    why = file + " belongs to another build of Octet than this library, version " + octet_version() +
          ": use the two from the same one";
  } else {
    why = ReadDevices(*table, state);
  }
  if (!why.empty()) {
    dlclose(library);
    return why;
  }
  state->events = events;
  state->table.store(table, std::memory_order_release);
  return "";
}

/** Tries the default places unless someone has. */
const cuda::Table* TableOrReason(std::string* why) {
  State& state = TheState();
  const cuda::Table* table = state.table.load(std::memory_order_acquire);
  if (table != nullptr) return table;
  const std::lock_guard<std::mutex> lock(state.mutex);
  if (!state.tried && state.table.load(std::memory_order_relaxed) == nullptr) {
    state.tried = true;
    state.why = Load(DefaultFile(), &state);
  }
  if (why != nullptr) *why = state.why;
  return state.table.load(std::memory_order_relaxed);
}

}  // namespace

const cuda::Table* CudaTable() { return TableOrReason(nullptr); }

const cuda::EventTable* CudaEvents() { return CudaTable() == nullptr ? nullptr : TheState().events; }

const char* UnavailableWords() {
  thread_local char words[768];
  std::string why;
  if (TableOrReason(&why) != nullptr) return "";
  std::snprintf(words, sizeof(words), "%s", why.c_str());
  return words;
}

octet_status CheckCudaDevice(const char* function, const char* tensor, int32_t device) {
  if (CudaTable() == nullptr) {
    return Fail(OCTET_UNSUPPORTED, "%s: %s is on cuda:%d, but there is no CUDA: %s; copy it to the cpu", function,
                tensor, static_cast<int>(device), UnavailableWords());
  }
  const State& state = TheState();
  if (device < 0 || device >= state.devices) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: %s is on cuda:%d; expected 0 to %d, the devices of this machine", function,
                tensor, static_cast<int>(device), static_cast<int>(state.devices) - 1);
  }
  const octet_cuda_properties& properties = state.properties[device];
  if (properties.supported != 0) return OCTET_OK;
  return Fail(OCTET_UNSUPPORTED, "%s: %s is on cuda:%d, %s (%s), for which this build has no kernels; copy it to %s",
              function, tensor, static_cast<int>(device), properties.name, Architecture(properties).c_str(),
              "another device or the cpu");
}

octet_status LoadCuda(const char* path) {
  State& state = TheState();
  if (state.table.load(std::memory_order_acquire) != nullptr) return OCTET_OK;
  const std::lock_guard<std::mutex> lock(state.mutex);
  if (state.table.load(std::memory_order_relaxed) == nullptr) {
    state.tried = true;
    state.why = Load(path != nullptr ? path : DefaultFile(), &state);
  }
  if (state.table.load(std::memory_order_relaxed) != nullptr) return OCTET_OK;
  return Fail(OCTET_UNSUPPORTED, "octet_cuda_load: %s", state.why.c_str());
}

int32_t CudaDevices() { return CudaTable() == nullptr ? 0 : TheState().devices; }

const octet_cuda_properties& CudaProperties(int32_t device) { return TheState().properties[device]; }

}  // namespace api
}  // namespace octet
