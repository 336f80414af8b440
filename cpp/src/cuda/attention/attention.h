// SPDX-License-Identifier: Apache-2.0
// Attention on a device: the functions that liboctet calls.
#ifndef OCTET_CUDA_ATTENTION_ATTENTION_H_
#define OCTET_CUDA_ATTENTION_ATTENTION_H_

#include "cuda/backend.h"

namespace octet {
namespace cuda {

AttentionFunctions TheAttentionFunctions();

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_ATTENTION_ATTENTION_H_
