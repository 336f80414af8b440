// SPDX-License-Identifier: Apache-2.0
// From a convolution packed for the CPU to the block on a device that core/device_conv2d.h describes.
#ifndef OCTET_CUDA_CONV_DEVICE_FILTERS_H_
#define OCTET_CUDA_CONV_DEVICE_FILTERS_H_

#include "cuda/backend.h"

namespace octet {
namespace cuda {

octet_status PlaceConv2d(const Call* call, const PackedConv2d* packed, void* block);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_CONV_DEVICE_FILTERS_H_
