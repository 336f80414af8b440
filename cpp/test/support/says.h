// SPDX-License-Identifier: Apache-2.0
// What a failing call returns and says.
#ifndef OCTET_TEST_SUPPORT_SAYS_H_
#define OCTET_TEST_SUPPORT_SAYS_H_

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "octet/status.h"

namespace octet {
namespace test {

/** Whether a call ended with a status, and a message that has all of the words. */
inline testing::AssertionResult Says(octet_status status, octet_status expected,
                                     const std::vector<std::string>& words) {
  if (status != expected) return testing::AssertionFailure() << "status " << status << ": " << octet_last_error();
  const std::string message = octet_last_error();
  for (const std::string& word : words) {
    if (message.find(word) == std::string::npos) {
      return testing::AssertionFailure() << "'" << word << "' is not in: " << message;
    }
  }
  return testing::AssertionSuccess();
}

#define EXPECT_INVALID(call, ...) EXPECT_TRUE(Says((call), OCTET_INVALID_ARGUMENT, {__VA_ARGS__}))

}  // namespace test
}  // namespace octet

#endif  // OCTET_TEST_SUPPORT_SAYS_H_
