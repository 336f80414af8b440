// SPDX-License-Identifier: Apache-2.0
// Tests of the kernels on a device, real or emulated. Without one they are skipped, with the reason; where a device is
// certain to be there, OCTET_TEST_NEED_CUDA=1 makes its absence a failure.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "cuda/counters.h"
#include "octet/cuda.h"

namespace {

/** What ctest takes for "skipped": SKIP_RETURN_CODE of these tests. */
constexpr int kSkipped = 77;

bool ListsTests(int count, char** arguments) {
  for (int i = 1; i < count; ++i) {
    if (std::string(arguments[i]).rfind("--gtest_list_tests", 0) == 0) return true;
  }
  return false;
}

}  // namespace

int main(int count, char** arguments) {
  const bool lists = ListsTests(count, arguments);
  testing::InitGoogleTest(&count, arguments);
  octet::test::AskForCounters();
  if (!lists && octet_cuda_load(OCTET_CUDA_FILE) != OCTET_OK) {
    const bool needed = std::getenv("OCTET_TEST_NEED_CUDA") != nullptr;
    std::printf("%s: %s\n", needed ? "failed" : "skipped", octet_cuda_unavailable());
    return needed ? 1 : kSkipped;
  }
  return RUN_ALL_TESTS();
}
