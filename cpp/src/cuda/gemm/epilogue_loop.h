// SPDX-License-Identifier: Apache-2.0
// What the host adds to an epilogue before a launch.
#ifndef OCTET_CUDA_GEMM_EPILOGUE_LOOP_H_
#define OCTET_CUDA_GEMM_EPILOGUE_LOOP_H_

#include "cuda/gemm/epilogue_values.h"

namespace octet {
namespace cuda {

/** Sets `codes` and `loop`, which follow from all else. */
void Complete(Epilogue* epilogue);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_EPILOGUE_LOOP_H_
