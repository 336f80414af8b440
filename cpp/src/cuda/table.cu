// SPDX-License-Identifier: Apache-2.0
// The one symbol of this library that others see.
#include "cuda/attention/attention.h"
#include "cuda/backend.h"
#include "cuda/conv/conv2d.h"
#include "cuda/conv/conv2d_float.h"
#include "cuda/device.h"
#include "cuda/float/float_gemm.h"
#include "cuda/gemm/gemm.h"
#include "cuda/gemm/matmul.h"
#include "cuda/integers.h"
#include "cuda/map_kernels.h"
#include "cuda/pool.h"
#include "cuda/quantize.h"
#include "cuda/range.h"
#include "cuda/recurrent.h"
#include "cuda/reduce.h"
#include "cuda/row_kernels.h"

namespace {

octet::cuda::Table MakeTable() {
  octet::cuda::Table table = {};
  table.version = octet::cuda::kVersion;
  table.bytes = sizeof(table);
  table.library_version = OCTET_VERSION;
  table.device = octet::cuda::TheDeviceFunctions();
  table.quantization.quantize = octet::cuda::Quantize;
  table.quantization.dequantize = octet::cuda::Dequantize;
  table.attention = octet::cuda::TheAttentionFunctions();
  table.conv2d = octet::cuda::TheConv2dFunctions();
  table.gemm = octet::cuda::TheGemmFunctions();
  table.conv2d_float = octet::cuda::TheFloatConv2dFunctions();
  table.gemm_float = octet::cuda::TheFloatGemmFunctions();
  table.recurrent = octet::cuda::TheRecurrentFunctions();
  table.matmul = octet::cuda::TheMatmulFunctions();
  table.quantization.fake_quantize = octet::cuda::FakeQuantize;
  table.quantization.fake_quantize_partials = octet::cuda::FakeQuantizePartials;
  table.quantization.fake_quantize_backward = octet::cuda::FakeQuantizeBackward;
  table.quantization.grid_from_range = octet::cuda::GridFromRange;
  table.quantization.grid_resolve = octet::cuda::GridResolve;
  table.quantization.min_max = octet::cuda::MinMax;
  table.quantization.percentile_workspace_size = octet::cuda::PercentileWorkspaceSize;
  table.quantization.percentile = octet::cuda::Percentile;
  table.quantization.range_mse = octet::cuda::RangeMse;
  table.rows.reduce = octet::cuda::Reduce;
  table.rows.argmax = octet::cuda::Argmax;
  table.map = {octet::cuda::MapUnary, octet::cuda::MapBinary, octet::cuda::LookUp,
               octet::cuda::LookUpIn, octet::cuda::Compare,   octet::cuda::CompareIntegers,
               octet::cuda::Where,    octet::cuda::Copy,      octet::cuda::Cast};
  table.integers = {octet::cuda::MapIntegers, octet::cuda::ReduceIntegers, octet::cuda::ArgmaxIntegers,
                    octet::cuda::CumulativeSum};
  table.rows.norm = octet::cuda::Norm;
  table.rows.softmax = octet::cuda::Softmax;
  table.rows.embedding = octet::cuda::Embedding;
  table.rows.masked_mean = octet::cuda::MaskedMean;
  table.rows.l2_normalize = octet::cuda::L2Normalize;
  table.pool = {octet::cuda::MaxPool2d, octet::cuda::AvgPool2d, octet::cuda::AdaptiveAvgPool2d};
  return table;
}

}  // namespace

extern "C" OCTET_API const octet::cuda::Table* octet_cuda_table(void) {
  static const octet::cuda::Table table = MakeTable();
  return &table;
}
