// SPDX-License-Identifier: Apache-2.0
// Declarations follow cuBLASLt's reference of version 13; what is opaque there is a pointer here.
#include "cublaslt.h"

#include <dlfcn.h>

namespace octet {
namespace bench {
namespace {

constexpr int kSuccess = 0;
constexpr int kR32F = 0;
constexpr int kR8I = 3;
constexpr int kCompute32I = 72;
constexpr int32_t kTranspose = 1;
constexpr int kDescriptionTransA = 3;
constexpr int kPreferenceWorkspace = 1;
constexpr size_t kWorkspaceBytes = size_t{32} << 20;

struct Algorithm {
  uint64_t data[8];
};

struct Heuristic {
  Algorithm algorithm;
  size_t workspace_bytes;
  int state;
  float waves;
  int reserved[4];
};

}  // namespace

struct CublasLt::Functions {
  void* library;
  int (*create)(void** handle);
  int (*destroy)(void* handle);
  int (*description_create)(void** description, int compute, int scale);
  int (*description_set)(void* description, int attribute, const void* value, size_t bytes);
  int (*description_destroy)(void* description);
  int (*layout_create)(void** layout, int type, uint64_t rows, uint64_t columns, int64_t stride);
  int (*layout_destroy)(void* layout);
  int (*preference_create)(void** preference);
  int (*preference_set)(void* preference, int attribute, const void* value, size_t bytes);
  int (*preference_destroy)(void* preference);
  int (*heuristic)(void* handle, void* description, void* a, void* b, void* c, void* d, void* preference, int wanted,
                   Heuristic* results, int* found);
  int (*multiply)(void* handle, void* description, const void* alpha, const void* a, void* a_layout, const void* b,
                  void* b_layout, const void* beta, const void* c, void* c_layout, void* d, void* d_layout,
                  const Algorithm* algorithm, void* workspace, size_t workspace_bytes, cudaStream_t stream);

  template <typename Function>
  bool Find(const char* name, Function* function) {
    *function = reinterpret_cast<Function>(dlsym(library, name));
    return *function != nullptr;
  }

  bool FindAll() {
    return Find("cublasLtCreate", &create) && Find("cublasLtDestroy", &destroy) &&
           Find("cublasLtMatmulDescCreate", &description_create) &&
           Find("cublasLtMatmulDescSetAttribute", &description_set) &&
           Find("cublasLtMatmulDescDestroy", &description_destroy) &&
           Find("cublasLtMatrixLayoutCreate", &layout_create) && Find("cublasLtMatrixLayoutDestroy", &layout_destroy) &&
           Find("cublasLtMatmulPreferenceCreate", &preference_create) &&
           Find("cublasLtMatmulPreferenceSetAttribute", &preference_set) &&
           Find("cublasLtMatmulPreferenceDestroy", &preference_destroy) &&
           Find("cublasLtMatmulAlgoGetHeuristic", &heuristic) && Find("cublasLtMatmul", &multiply);
  }
};

struct CublasLt::State {
  void* handle = nullptr;
  void* workspace = nullptr;
  void* description = nullptr;
  /** Column by column, as the library has it: weights [k, n] transposed, activations [k, m], output [n, m]. */
  void* weights = nullptr;
  void* activations = nullptr;
  void* out = nullptr;
  Algorithm algorithm;
};

CublasLt::CublasLt() {
  void* library = dlopen("libcublasLt.so.13", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    missing_ = "libcublasLt.so.13 is not installed";
    return;
  }
  functions_ = new Functions;
  functions_->library = library;
  state_ = new State;
  if (!functions_->FindAll() || functions_->create(&state_->handle) != kSuccess ||
      cudaMalloc(&state_->workspace, kWorkspaceBytes) != cudaSuccess) {
    missing_ = "libcublasLt.so.13 could not be started";
  }
}

CublasLt::~CublasLt() {
  if (state_ != nullptr) {
    if (state_->out != nullptr) {
      functions_->layout_destroy(state_->out);
      functions_->layout_destroy(state_->activations);
      functions_->layout_destroy(state_->weights);
      functions_->description_destroy(state_->description);
    }
    cudaFree(state_->workspace);
    if (state_->handle != nullptr) functions_->destroy(state_->handle);
  }
  delete state_;
  delete functions_;
}

bool CublasLt::Plan(int64_t m, int64_t n, int64_t k) {
  State& state = *state_;
  const Functions& lt = *functions_;
  if (state.out != nullptr) {
    lt.layout_destroy(state.out);
    lt.layout_destroy(state.activations);
    lt.layout_destroy(state.weights);
    lt.description_destroy(state.description);
    state.out = nullptr;
  }
  const auto size = [](int64_t value) { return static_cast<uint64_t>(value); };
  lt.description_create(&state.description, kCompute32I, kR32F);
  lt.description_set(state.description, kDescriptionTransA, &kTranspose, sizeof(kTranspose));
  lt.layout_create(&state.weights, kR8I, size(k), size(n), k);
  lt.layout_create(&state.activations, kR8I, size(k), size(m), k);
  lt.layout_create(&state.out, kR8I, size(n), size(m), n);
  void* preference = nullptr;
  lt.preference_create(&preference);
  lt.preference_set(preference, kPreferenceWorkspace, &kWorkspaceBytes, sizeof(kWorkspaceBytes));
  Heuristic best = {};
  int found = 0;
  const int status = lt.heuristic(state.handle, state.description, state.weights, state.activations, state.out,
                                  state.out, preference, 1, &best, &found);
  lt.preference_destroy(preference);
  state.algorithm = best.algorithm;
  return status == kSuccess && found > 0;
}

void CublasLt::Run(float alpha, const void* a, const void* w, void* out, cudaStream_t stream) {
  const float beta = 0.0f;
  functions_->multiply(state_->handle, state_->description, &alpha, w, state_->weights, a, state_->activations, &beta,
                       out, state_->out, out, state_->out, &state_->algorithm, state_->workspace, kWorkspaceBytes,
                       stream);
}

}  // namespace bench
}  // namespace octet
