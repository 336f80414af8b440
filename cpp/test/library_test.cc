// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "support/tensor.h"

namespace octet {
namespace test {
namespace {

TEST(Library, HasAVersion) { EXPECT_NE(std::string(octet_version()).find('.'), std::string::npos); }

TEST(Library, NamesInstructionSets) {
  EXPECT_STREQ(octet_isa_name(OCTET_ISA_SCALAR), "scalar");
  EXPECT_STREQ(octet_isa_name(OCTET_ISA_AVX2), "avx2");
  EXPECT_STREQ(octet_isa_name(OCTET_ISA_AVX512), "avx512");
  EXPECT_STREQ(octet_isa_name(OCTET_ISA_AVX_VNNI), "avx_vnni");
  EXPECT_STREQ(octet_isa_name(OCTET_ISA_AVX512_VNNI), "avx512_vnni");
  EXPECT_STREQ(octet_isa_name(OCTET_ISA_AMX_INT8), "amx_int8");
  EXPECT_STREQ(octet_isa_name(static_cast<octet_isa>(99)), "unknown");
}

TEST(Library, SwitchesInstructionSets) {
  const KeepSettings keep;
  EXPECT_EQ(octet_isa_available(OCTET_ISA_SCALAR), 1);
  EXPECT_EQ(octet_isa_available(static_cast<octet_isa>(99)), 0);
  for (octet_isa isa : AvailableIsas()) {
    EXPECT_OK(octet_set_isa(isa));
    EXPECT_EQ(octet_get_isa(), isa);
  }
  const octet_isa before = octet_get_isa();
  EXPECT_EQ(octet_set_isa(static_cast<octet_isa>(99)), OCTET_UNSUPPORTED);
  EXPECT_EQ(octet_get_isa(), before);
}

TEST(Library, SetsThreads) {
  const KeepSettings keep;
  EXPECT_OK(octet_set_num_threads(3));
  EXPECT_EQ(octet_get_num_threads(), 3);
  for (int32_t wrong : {0, -1, 1025}) EXPECT_EQ(octet_set_num_threads(wrong), OCTET_INVALID_ARGUMENT);
  EXPECT_EQ(octet_get_num_threads(), 3);
}

TEST(Library, KeepsMessagesPerThread) {
  EXPECT_EQ(octet_set_num_threads(-5), OCTET_INVALID_ARGUMENT);
  EXPECT_NE(std::string(octet_last_error()).find("-5"), std::string::npos);
  std::thread([] { EXPECT_STREQ(octet_last_error(), ""); }).join();
  EXPECT_NE(std::string(octet_last_error()).find("-5"), std::string::npos);
}

}  // namespace
}  // namespace test
}  // namespace octet
