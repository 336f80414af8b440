// SPDX-License-Identifier: Apache-2.0
// Declarations follow cuBLASLt's reference of version 13; what is opaque there is a pointer here.
#include "cublaslt.h"

#include <dlfcn.h>

#include <limits>
#include <utility>

namespace octet {
namespace bench {
namespace {

constexpr int kR32F = 0;
constexpr int kR16F = 2;
constexpr int kR8I = 3;
constexpr int kR32I = 10;
constexpr int kCompute32F = 68;
constexpr int kCompute32I = 72;
constexpr int32_t kTranspose = 1;
constexpr int kDescriptionTransA = 3;
constexpr int kLayoutBatchCount = 5;
constexpr int kLayoutBatchStride = 6;
constexpr int kPreferenceWorkspace = 1;
constexpr size_t kWorkspaceBytes = size_t{32} << 20;
constexpr int kCandidates = 8;

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

/** Library's numbers of types. */
struct Types {
  int in, out, compute, scale;
};

Types TypesOf(LtTypes types) {
  switch (types) {
    case LtTypes::kS8ToS8:
      return {kR8I, kR8I, kCompute32I, kR32F};
    case LtTypes::kS8ToS32:
      return {kR8I, kR32I, kCompute32I, kR32I};
    default:
      return {kR16F, kR16F, kCompute32F, kR32F};
  }
}

void CheckLt(int status, const char* function) {
  if (status != 0) throw Failure(std::string(function) + ": status " + std::to_string(status));
}

}  // namespace

DLDataType LtInput(LtTypes types) { return types == LtTypes::kF16 ? kF16 : kS8; }

DLDataType LtOutput(LtTypes types) { return types == LtTypes::kF16 ? kF16 : types == LtTypes::kS8ToS8 ? kS8 : kS32; }

const char* LtName(LtTypes types) {
  switch (types) {
    case LtTypes::kS8ToS8:
      return "cuBLASLt s8-s8";
    case LtTypes::kS8ToS32:
      return "cuBLASLt s8-s32";
    default:
      return "cuBLASLt f16-f16";
  }
}

struct CublasLt::Functions {
  void* library;
  int (*create)(void** handle);
  int (*destroy)(void* handle);
  int (*description_create)(void** description, int compute, int scale);
  int (*description_set)(void* description, int attribute, const void* value, size_t bytes);
  int (*description_destroy)(void* description);
  int (*layout_create)(void** layout, int type, uint64_t rows, uint64_t columns, int64_t stride);
  int (*layout_set)(void* layout, int attribute, const void* value, size_t bytes);
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
           Find("cublasLtMatrixLayoutCreate", &layout_create) &&
           Find("cublasLtMatrixLayoutSetAttribute", &layout_set) &&
           Find("cublasLtMatrixLayoutDestroy", &layout_destroy) &&
           Find("cublasLtMatmulPreferenceCreate", &preference_create) &&
           Find("cublasLtMatmulPreferenceSetAttribute", &preference_set) &&
           Find("cublasLtMatmulPreferenceDestroy", &preference_destroy) &&
           Find("cublasLtMatmulAlgoGetHeuristic", &heuristic) && Find("cublasLtMatmul", &multiply);
  }
};

struct CublasLt::Plan::State {
  State(const Functions* functions, void* handle, void* workspace, const LtProduct& product)
      : lt(functions), handle(handle), workspace(workspace), types(product.types) {
    const auto [in, result, compute, scale] = TypesOf(types);
    CheckLt(lt->description_create(&description, compute, scale), "cublasLtMatmulDescCreate");
    CheckLt(lt->description_set(description, kDescriptionTransA, &kTranspose, sizeof(kTranspose)),
            "cublasLtMatmulDescSetAttribute");
    const int64_t count = product.count;
    weights = Layout(in, product.k, product.n, count);
    activations = Layout(in, product.k, product.m, count);
    out = Layout(result, product.n, product.m, count);
  }
  ~State() {
    if (out != nullptr) lt->layout_destroy(out);
    if (activations != nullptr) lt->layout_destroy(activations);
    if (weights != nullptr) lt->layout_destroy(weights);
    if (description != nullptr) lt->description_destroy(description);
  }

  void* Layout(int type, int64_t rows, int64_t columns, int64_t count) const {
    void* layout = nullptr;
    CheckLt(lt->layout_create(&layout, type, static_cast<uint64_t>(rows), static_cast<uint64_t>(columns), rows),
            "cublasLtMatrixLayoutCreate");
    const auto matrices = static_cast<int32_t>(count);
    const int64_t stride = rows * columns;
    CheckLt(lt->layout_set(layout, kLayoutBatchCount, &matrices, sizeof(matrices)), "cublasLtMatrixLayoutSetAttribute");
    CheckLt(lt->layout_set(layout, kLayoutBatchStride, &stride, sizeof(stride)), "cublasLtMatrixLayoutSetAttribute");
    return layout;
  }

  const Functions* lt;
  void* handle;
  void* workspace;
  LtTypes types;
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
  functions_ = std::make_unique<Functions>();
  functions_->library = library;
  if (!functions_->FindAll() || functions_->create(&handle_) != 0) {
    missing_ = "libcublasLt.so.13 could not be started";
    return;
  }
  workspace_ = std::make_unique<Memory>(kWorkspaceBytes);
}

CublasLt::~CublasLt() {
  if (handle_ != nullptr) functions_->destroy(handle_);
}

std::unique_ptr<CublasLt::Plan> CublasLt::Choose(const LtProduct& product, const Timer& timer, const void* a,
                                                 const void* w, void* out) {
  auto state = std::make_unique<Plan::State>(functions_.get(), handle_, workspace_->data(), product);
  void* preference = nullptr;
  CheckLt(functions_->preference_create(&preference), "cublasLtMatmulPreferenceCreate");
  Heuristic candidates[kCandidates] = {};
  int found = 0;
  int status = functions_->preference_set(preference, kPreferenceWorkspace, &kWorkspaceBytes, sizeof(kWorkspaceBytes));
  if (status == 0) {
    status = functions_->heuristic(handle_, state->description, state->weights, state->activations, state->out,
                                   state->out, preference, kCandidates, candidates, &found);
  }
  functions_->preference_destroy(preference);
  std::unique_ptr<Plan> plan(new Plan(std::move(state)));
  double best_time = std::numeric_limits<double>::infinity();
  int best = -1;
  for (int i = 0; status == 0 && i < found; ++i) {
    if (candidates[i].state != 0) continue;
    plan->state_->algorithm = candidates[i].algorithm;
    const double time = timer.Glance([&] { plan->Run(a, w, out); });
    if (time >= best_time) continue;
    best = i;
    best_time = time;
  }
  if (best < 0) throw Failure("no kernel for the shape");
  plan->state_->algorithm = candidates[best].algorithm;
  return plan;
}

CublasLt::Plan::Plan(std::unique_ptr<State> state) : state_(std::move(state)) {}

CublasLt::Plan::~Plan() = default;

void CublasLt::Plan::Run(const void* a, const void* w, void* out) const {
  const State& state = *state_;
  // Factors have the type in which sums are scaled; zero has the same bits in all of them.
  const int32_t one = 1;
  const float scale = state.types == LtTypes::kF16 ? 1.0f : 0.0001f;
  const float zero = 0.0f;
  const void* alpha = state.types == LtTypes::kS8ToS32 ? static_cast<const void*>(&one) : &scale;
  CheckLt(state.lt->multiply(state.handle, state.description, alpha, w, state.weights, a, state.activations, &zero, out,
                             state.out, out, state.out, &state.algorithm, state.workspace, kWorkspaceBytes, nullptr),
          "cublasLtMatmul");
}

}  // namespace bench
}  // namespace octet
