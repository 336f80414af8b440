// SPDX-License-Identifier: Apache-2.0
#include "api/weights_on_device.h"

#include "api/cuda_library.h"
#include "api/error.h"
#include "api/weights.h"

namespace octet {
namespace api {

octet_status FailOnDevice(const Checker& check, int device, const char* pack_function) {
  return Fail(OCTET_INVALID_ARGUMENT, "%s: packed is a handle of weights on cuda:%d; expected a block made by %s",
              check.function(), device, pack_function);
}

octet_status CheckSamePlace(const Checker& check, bool on_device, int device, const char* operand,
                            const char* to_device_function) {
  if (on_device && !check.on_cuda()) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: packed is a handle of weights on cuda:%d, but %s is on the cpu; copy %s to cuda:%d or pass the "
                "block from which %s made the handle",
                check.function(), device, operand, operand, device, to_device_function);
  }
  if (on_device && check.cuda_device() != device) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: packed is a handle of weights on cuda:%d, but %s is on cuda:%d; copy %s to cuda:%d or pass a "
                "handle that %s makes for cuda:%d",
                check.function(), device, operand, static_cast<int>(check.cuda_device()), operand, device,
                to_device_function, static_cast<int>(check.cuda_device()));
  }
  if (!on_device && check.on_cuda()) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: packed is in memory of the host, but %s is on cuda:%d; pass the handle that %s makes",
                check.function(), operand, static_cast<int>(check.cuda_device()), to_device_function);
  }
  return OCTET_OK;
}

octet_status CheckWeightsPlace(const Checker& check, const WeightsPlace& place, size_t needed,
                               const char* size_function) {
  OCTET_RETURN_IF_ERROR(CheckCudaDevice(check.function(), "device", place.device));
  OCTET_RETURN_IF_ERROR(check.NotNull("handle", place.handle));
  OCTET_RETURN_IF_ERROR(Aligned(check, "handle", place.handle));
  if (place.block_bytes < needed) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: block_bytes is %zu; expected at least %zu, which %s says",
                check.function(), place.block_bytes, needed, size_function);
  }
  if (needed != 0) OCTET_RETURN_IF_ERROR(check.NotNull("block", place.block));
  if (reinterpret_cast<uintptr_t>(place.block) % 256 != 0) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: block is at %p; expected a multiple of 256", check.function(),
                place.block);
  }
  return OCTET_OK;
}

}  // namespace api
}  // namespace octet
