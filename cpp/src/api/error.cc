// SPDX-License-Identifier: Apache-2.0
#include "api/error.h"

#include <cstdarg>
#include <cstdio>

namespace octet {
namespace api {
namespace {

// A plain array: it needs no destructor, so that messages work while a thread ends, and no allocation, so that they
// work when memory is short.
thread_local char last_error[1024] = "";

}  // namespace

octet_status Fail(octet_status status, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(last_error, sizeof(last_error), format, arguments);
  va_end(arguments);
  return status;
}

}  // namespace api
}  // namespace octet

const char* octet_last_error(void) { return octet::api::last_error; }
