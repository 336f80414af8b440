// SPDX-License-Identifier: Apache-2.0
// The one symbol of this library that others see.
#include "cuda/backend.h"
#include "cuda/device.h"
#include "cuda/gemm/gemm.h"
#include "cuda/quantize.h"

namespace {

octet::cuda::Table MakeTable() {
  octet::cuda::Table table = {};
  table.version = octet::cuda::kVersion;
  table.bytes = sizeof(table);
  table.library_version = OCTET_VERSION;
  table.device = octet::cuda::TheDeviceFunctions();
  table.quantization.quantize = octet::cuda::Quantize;
  table.quantization.dequantize = octet::cuda::Dequantize;
  table.gemm = octet::cuda::TheGemmFunctions();
  return table;
}

}  // namespace

extern "C" OCTET_API const octet::cuda::Table* octet_cuda_table(void) {
  static const octet::cuda::Table table = MakeTable();
  return &table;
}
