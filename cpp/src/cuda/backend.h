// SPDX-License-Identifier: Apache-2.0
// What liboctet calls in liboctet_cuda: tables of plain C functions over checked arguments, one table a family. Both
// libraries are built from the same sources, which kVersion and the sizes of the tables confirm when one loads the
// other. Nothing of C++ crosses: no exceptions, no allocations, no types but plain data.
#ifndef OCTET_CUDA_BACKEND_H_
#define OCTET_CUDA_BACKEND_H_

#include <cstddef>
#include <cstdint>

#include "core/attention_call.h"
#include "core/conv2d_arguments.h"
#include "core/device_conv2d.h"
#include "core/device_conv2d_float.h"
#include "core/device_float.h"
#include "core/device_gemm.h"
#include "core/embedding_call.h"
#include "core/epilogue_view.h"
#include "core/float_activations.h"
#include "core/functions.h"
#include "core/gemm_activations.h"
#include "core/grid_view.h"
#include "core/grouped_gemm.h"
#include "core/matmul_call.h"
#include "core/norm_call.h"
#include "core/operand.h"
#include "core/packed_conv2d_float.h"
#include "core/packed_float.h"
#include "core/pool_axes.h"
#include "core/quantization_calls.h"
#include "core/recurrent_call.h"
#include "core/softmax_call.h"
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
  octet_status (*allocate_host)(const Call* call, size_t bytes, void** memory);
  octet_status (*free_host)(const Call* call, void* memory);
  octet_status (*graph_begin)(const Call* call);
  /** Nothing is kept if graph is null. */
  octet_status (*graph_end)(const Call* call, void** graph, size_t* nodes);
  octet_status (*graph_launch)(const Call* call, void* graph);
  octet_status (*graph_destroy)(const Call* call, void* graph);
};

/** Quantization on grids and ranges: semantics as the functions of the same names in cpu/backend.h. */
struct QuantizationFunctions {
  octet_status (*quantize)(const Call* call, const GridView* grid, const TensorView* x, const TensorView* codes);
  octet_status (*dequantize)(const Call* call, const GridView* grid, const TensorView* codes, const TensorView* out);
  octet_status (*fake_quantize)(const Call* call, const GridView* grid, const TensorView* x, const TensorView* out);
  octet_status (*fake_quantize_backward)(const Call* call, const GridView* grid, const TensorView* x,
                                         const TensorView* grad_out, const FakeQuantizeGradients* gradients);
  octet_status (*fake_quantize_partials)(const Call* call, const GridView* grid, const TensorView* x,
                                         const FakeQuantizePartialsOutputs* outputs);
  /** Waits for the result. */
  octet_status (*grid_from_range)(const Call* call, const TensorView* x_min, const TensorView* x_max,
                                  const GridFromRangeOptions* options, const TensorView* delta,
                                  const TensorView* zero_float, bool* is_signed);
  octet_status (*grid_resolve)(const Call* call, const GridView* grid, const TensorView* scale,
                               const TensorView* zero_point);
  octet_status (*min_max)(const Call* call, const TensorView* x, int axis, const TensorView* out_min,
                          const TensorView* out_max);
  size_t (*percentile_workspace_size)(const TensorView* x, int64_t slices);
  octet_status (*percentile)(const Call* call, const TensorView* x, int axis, double low, double high,
                             const TensorView* out_low, const TensorView* out_high, void* workspace);
  octet_status (*range_mse)(const Call* call, const TensorView* x, int axis, const RangeMseOptions* options,
                            const TensorView* candidate_min, const TensorView* candidate_max, const TensorView* loss);
};

/** Functions of single elements, and copies: cpu/map.h. */
struct MapFunctions {
  octet_status (*unary)(const Call* call, const UnaryCall* unary, const Operand* x, const Operand* out);
  octet_status (*binary)(const Call* call, Binary function, const Operand* a, const Operand* b,
                         numerics::Unary activation, const Operand* out);
  /** table: 256 bytes on the device. */
  octet_status (*look_up)(const Call* call, const uint8_t* table, const TensorView* x, const TensorView* out);
  /** table: 256 bytes of the host. */
  octet_status (*look_up_in)(const Call* call, const uint8_t* table, const TensorView* x, const TensorView* out);
  octet_status (*compare)(const Call* call, Comparison comparison, const Operand* a, const Operand* b,
                          const TensorView* out);
  octet_status (*compare_integers)(const Call* call, Comparison comparison, const TensorView* a, const TensorView* b,
                                   const TensorView* out);
  octet_status (*where)(const Call* call, const TensorView* mask, const TensorView* a, const TensorView* b,
                        const TensorView* out);
  octet_status (*copy)(const Call* call, const TensorView* x, const TensorView* out);
  octet_status (*cast)(const Call* call, const TensorView* x, const TensorView* out);
};

/** Functions of whole numbers: cpu/integer_functions.h. */
struct IntegerFunctions {
  octet_status (*binary)(const Call* call, IntegerFunction function, const TensorView* a, const TensorView* b,
                         const TensorView* out);
  octet_status (*reduce)(const Call* call, Reduction reduction, const TensorView* x, const bool* reduced,
                         const TensorView* out);
  octet_status (*argmax)(const Call* call, const TensorView* x, int dim, const TensorView* out);
  octet_status (*cumulative_sum)(const Call* call, const TensorView* x, int dim, const TensorView* out);
};

/** Functions of rows: cpu/norm.h, softmax.h, embedding.h, reduce.h. */
struct RowFunctions {
  octet_status (*norm)(const Call* call, const NormCall* norm);
  octet_status (*softmax)(const Call* call, const SoftmaxCall* softmax);
  /** Indices outside the table give NaN, or the zero point of codes. */
  octet_status (*embedding)(const Call* call, const EmbeddingCall* embedding);
  octet_status (*reduce)(const Call* call, Reduction reduction, const Operand* x, const bool* reduced,
                         const Operand* out);
  octet_status (*argmax)(const Call* call, const TensorView* x, int dim, const TensorView* out);
  octet_status (*masked_mean)(const Call* call, const Operand* x, const TensorView* mask, float eps,
                              const Operand* out);
  octet_status (*l2_normalize)(const Call* call, const Operand* x, float eps, const Operand* out);
};

/** Matrix products with packed weights: octet/gemm.h. */
struct GemmFunctions {
  /** Enqueues the copy of packed weights (of the host) to a block on the device. */
  octet_status (*place)(const Call* call, const PackedGemm* packed, void* block);
  octet_status (*workspace_size)(const Call* call, int64_t m, int64_t n, int64_t k, size_t* bytes);
  octet_status (*run)(const Call* call, const GemmActivations* a, const DeviceGemm* weights,
                      const EpilogueView* epilogue, void* workspace);
  octet_status (*force_kernel)(const Call* call, const char* kernel, int32_t parts);
  /** Of groups: octet/gemm_grouped.h. */
  octet_status (*grouped_workspace_size)(const Call* call, int64_t m, const DeviceGroups* weights, size_t* bytes);
  octet_status (*run_grouped)(const Call* call, const GemmActivations* a, const DeviceGroups* weights,
                              const RowGroups* groups, const EpilogueView* epilogue, void* workspace);
};

/** Matrix products in floats with packed weights: octet/gemm_float.h. */
struct FloatGemmFunctions {
  /** Enqueues the copy of packed weights (of the host) to a block on the device. */
  octet_status (*place)(const Call* call, const FloatPanels* packed, void* block);
  octet_status (*workspace_size)(const Call* call, int64_t m, int64_t n, int64_t k, size_t* bytes);
  octet_status (*run)(const Call* call, const FloatActivations* a, const DeviceFloatWeights* weights,
                      const EpilogueView* epilogue, void* workspace);
};

/** Products of computed matrices: octet/matmul.h. */
struct MatmulFunctions {
  octet_status (*workspace_size)(const Call* call, const MatmulSizes* sizes, size_t* bytes);
  octet_status (*run)(const Call* call, const MatmulCall* matmul, const MatmulOutput* output, void* workspace,
                      size_t workspace_bytes);
};

/** Pooling of images: cpu/pool.h. */
struct PoolFunctions {
  octet_status (*max)(const Call* call, const TensorView* x, const PoolAxes* axes, const TensorView* out);
  octet_status (*avg)(const Call* call, const Operand* x, const PoolAxes* axes, const AvgPoolOptions* options,
                      const Operand* out);
  octet_status (*adaptive_avg)(const Call* call, const Operand* x, const Operand* out);
};

/** Convolutions with packed weights: octet/conv2d.h. */
struct Conv2dFunctions {
  octet_status (*place)(const Call* call, const PackedConv2d* packed, void* block);
  octet_status (*workspace_size)(const Call* call, const TensorView* x, const DeviceConv2d* weights, int64_t out_h,
                                 int64_t out_w, size_t* bytes);
  octet_status (*run)(const Call* call, const Conv2dArguments* arguments, const DeviceConv2d* weights, void* workspace);
};

/** Attention in integers: octet/attention.h. */
struct AttentionFunctions {
  /** Looks at the shapes of q, k and v alone. */
  octet_status (*workspace_size)(const Call* call, const AttentionCall* attention, size_t* bytes);
  octet_status (*run)(const Call* call, const AttentionCall* attention, void* workspace);
};

/** Convolutions in floats with packed weights: octet/conv2d_float.h. */
struct FloatConv2dFunctions {
  octet_status (*place)(const Call* call, const PackedFloatConv2d* packed, void* block);
  octet_status (*workspace_size)(const Call* call, const TensorView* x, const DeviceFloatConv2d* weights, int64_t out_h,
                                 int64_t out_w, size_t* bytes);
  octet_status (*run)(const Call* call, const Conv2dArguments* arguments, const DeviceFloatConv2d* weights,
                      void* workspace);
};

/** Recurrent layers, one direction of one of them at a time: octet/recurrent.h. */
struct RecurrentFunctions {
  octet_status (*workspace_size)(const Call* call, const RecurrentSizes* sizes, size_t* bytes);
  octet_status (*run)(const Call* call, const RecurrentCall* recurrent,
                      const RecurrentWeights<DeviceFloatWeights>* weights, void* workspace);
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
  MapFunctions map;
  IntegerFunctions integers;
  RowFunctions rows;
  PoolFunctions pool;
  Conv2dFunctions conv2d;
  MatmulFunctions matmul;
  AttentionFunctions attention;
  FloatGemmFunctions gemm_float;
  FloatConv2dFunctions conv2d_float;
  RecurrentFunctions recurrent;
};

/** To be raised whenever a function, or a structure that one takes, changes. */
constexpr uint32_t kVersion = 10;

/** The symbol that liboctet_cuda exports, a `const Table* (*)()`. */
constexpr const char* kTableSymbol = "octet_cuda_table";

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_BACKEND_H_
