// SPDX-License-Identifier: Apache-2.0
// Recurrent layers on a device: the functions that liboctet calls.
#ifndef OCTET_CUDA_RECURRENT_H_
#define OCTET_CUDA_RECURRENT_H_

#include "cuda/backend.h"

namespace octet {
namespace cuda {

RecurrentFunctions TheRecurrentFunctions();

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_RECURRENT_H_
