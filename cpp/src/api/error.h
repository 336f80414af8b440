// SPDX-License-Identifier: Apache-2.0
// Failing calls: a status for the caller and a message in words for octet_last_error.
#ifndef OCTET_API_ERROR_H_
#define OCTET_API_ERROR_H_

#include <new>

#include "octet/status.h"

namespace octet {
namespace api {

/** Keeps the message (printf style) for this thread and returns status. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
octet_status
Fail(octet_status status, const char* format, ...);

/** Runs the body of an API function; no exception leaves the library. */
template <typename Body>
octet_status Guarded(const char* function, Body body) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return Fail(OCTET_OUT_OF_MEMORY, "%s: out of host memory for temporary results; free some or pass a smaller tensor",
                function);
  } catch (...) {
    return Fail(OCTET_INTERNAL, "%s: unexpected failure inside Octet; please report it with the arguments of the call",
                function);
  }
}

}  // namespace api
}  // namespace octet

/** Returns from the enclosing function what `expression` returns, unless that is OCTET_OK. */
#define OCTET_RETURN_IF_ERROR(expression)                                              \
  do {                                                                                 \
    const octet_status octet_return_if_error_status = (expression);                    \
    if (octet_return_if_error_status != OCTET_OK) return octet_return_if_error_status; \
  } while (false)

#endif  // OCTET_API_ERROR_H_
