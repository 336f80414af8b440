// SPDX-License-Identifier: Apache-2.0
#include "octet/library.h"

#include "api/error.h"
#include "core/raw_value.h"
#include "cpu/isa.h"
#include "cpu/thread_pool.h"

using octet::api::Fail;

const char* octet_version(void) { return OCTET_VERSION; }

octet_isa octet_get_isa(void) { return octet::cpu::CurrentIsa(); }

int32_t octet_isa_available(octet_isa isa) { return octet::cpu::IsaAvailable(octet::RawValue(isa)) ? 1 : 0; }

const char* octet_isa_name(octet_isa isa) { return octet::cpu::IsaName(octet::RawValue(isa)); }

octet_status octet_set_isa(octet_isa isa) {
  const int value = octet::RawValue(isa);
  if (!octet::cpu::IsaAvailable(value)) {
    return Fail(
        OCTET_UNSUPPORTED,
        "octet_set_isa: isa is %d (%s), which this machine or this build lacks; octet_isa_available tells which "
        "can be chosen",
        value, octet::cpu::IsaName(value));
  }
  octet::cpu::SetIsa(isa);
  return OCTET_OK;
}

int32_t octet_get_num_threads(void) { return octet::cpu::NumThreads(); }

octet_status octet_set_num_threads(int32_t num_threads) {
  if (num_threads < 1 || num_threads > octet::cpu::kMaxThreads) {
    return Fail(OCTET_INVALID_ARGUMENT, "octet_set_num_threads: num_threads is %d; expected 1 to %d",
                static_cast<int>(num_threads), octet::cpu::kMaxThreads);
  }
  octet::cpu::SetNumThreads(num_threads);
  return OCTET_OK;
}

octet_status octet_set_caller_threads(int32_t num_threads) {
  if (num_threads < 0 || num_threads > octet::cpu::kMaxThreads) {
    return Fail(OCTET_INVALID_ARGUMENT, "octet_set_caller_threads: num_threads is %d; expected 0 to %d",
                static_cast<int>(num_threads), octet::cpu::kMaxThreads);
  }
  octet::cpu::SetCallerThreads(num_threads);
  return OCTET_OK;
}
