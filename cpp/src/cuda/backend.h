// SPDX-License-Identifier: Apache-2.0
// What liboctet calls in liboctet_cuda: tables of plain C functions over checked arguments, one table a family. Both
// libraries are built from the same sources, which kVersion and the sizes of the tables confirm when one loads the
// other. Nothing of C++ crosses: no exceptions, no allocations, no types but plain data.
#ifndef OCTET_CUDA_BACKEND_H_
#define OCTET_CUDA_BACKEND_H_

#include <cstddef>
#include <cstdint>

#include "core/device_gemm.h"
#include "core/epilogue_view.h"
#include "core/gemm_activations.h"
#include "core/grid_view.h"
#include "core/tensor_view.h"
#include "octet/cuda.h"

namespace octet {
namespace cuda {

/** Where a call runs, and where it leaves words if it fails. */
struct Call {
  int32_t device;
  /** A cudaStream_t. */
  void* stream;
  /** Filled in on failure: the kernel or function of the runtime, and the error. */
  char* message;
  size_t message_bytes;
};

/** Devices, memory and streams: octet/cuda.h. */
struct DeviceFunctions {
  octet_status (*count)(const Call* call, int32_t* count);
  octet_status (*properties)(const Call* call, octet_cuda_properties* properties);
  octet_status (*versions)(const Call* call, int32_t* runtime, int32_t* driver);
  octet_status (*allocate)(const Call* call, size_t bytes, void** memory);
  octet_status (*free)(const Call* call, void* memory);
  octet_status (*copy)(const Call* call, void* to, const void* from, size_t bytes);
  octet_status (*stream_create)(const Call* call, void** stream);
  octet_status (*stream_destroy)(const Call* call);
  octet_status (*synchronize)(const Call* call);
};

/** Quantization on grids. Semantics as the functions of the same names in cpu/backend.h. */
struct QuantizationFunctions {
  octet_status (*quantize)(const Call* call, const GridView* grid, const TensorView* x, const TensorView* codes);
  octet_status (*dequantize)(const Call* call, const GridView* grid, const TensorView* codes, const TensorView* out);
};

/** Matrix products with packed weights: octet/gemm.h. */
struct GemmFunctions {
  /** Enqueues the copy of packed weights (of the host) to a block on the device. */
  octet_status (*place)(const Call* call, const PackedGemm* packed, void* block);
  octet_status (*workspace_size)(const Call* call, int64_t m, int64_t n, int64_t k, size_t* bytes);
  octet_status (*run)(const Call* call, const GemmActivations* a, const DeviceGemm* weights,
                      const EpilogueView* epilogue, void* workspace);
  octet_status (*force_kernel)(const Call* call, const char* kernel, int32_t parts);
};

struct Table {
  /** kVersion and sizeof(Table) of the library that made it. */
  uint32_t version;
  uint32_t bytes;
  /** octet_version() of the sources. */
  const char* library_version;
  DeviceFunctions device;
  QuantizationFunctions quantization;
  GemmFunctions gemm;
};

/** To be raised whenever a function, or a structure that one takes, changes. */
constexpr uint32_t kVersion = 2;

/** The symbol that liboctet_cuda exports, a `const Table* (*)()`. */
constexpr const char* kTableSymbol = "octet_cuda_table";

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_BACKEND_H_
