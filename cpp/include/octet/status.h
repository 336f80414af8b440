/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Results of calls and the message in words. Every function of the C API returns an octet_status unless its
 * documentation says otherwise; outputs are unspecified after anything but OCTET_OK.
 */
#ifndef OCTET_STATUS_H_
#define OCTET_STATUS_H_

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define OCTET_API __declspec(dllexport)
#else
#define OCTET_API __attribute__((visibility("default")))
#endif

/** What came of a call. */
typedef enum octet_status {
  OCTET_OK = 0,
  /** An argument is not what the function takes; the message names it, its value and what was expected. */
  OCTET_INVALID_ARGUMENT = 1,
  /** A valid request that this build or machine can't carry out; the message says why. */
  OCTET_UNSUPPORTED = 2,
  /** Memory could not be had. */
  OCTET_OUT_OF_MEMORY = 3,
  /** A device runtime reported an error; the message has the kernel and the runtime's words. */
  OCTET_DEVICE_ERROR = 4,
  /** A defect in Octet. */
  OCTET_INTERNAL = 5,
} octet_status;

/**
 * The message of the last call on this thread that did not return OCTET_OK, or "" if there was none.
 * UTF-8, owned by the library, valid until the next failing call on the same thread.
 */
OCTET_API const char* octet_last_error(void);

#ifdef __cplusplus
}
#endif

#endif /* OCTET_STATUS_H_ */
