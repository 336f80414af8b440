// SPDX-License-Identifier: Apache-2.0
// Events: what waits for them, and what calls say that can't be done. Emulated devices have done everything when a call
// returns, so that what shows there is order and words; that a mark is not reached yet shows on a device.
#include "octet/cuda_event.h"

#include <gtest/gtest.h>

#include "cuda/on_device.h"
#include "support/says.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

/** Two streams, an event, and tensors on the device. */
class CudaEvent : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(octet_cuda_stream_create(0, &stream));
    ASSERT_OK(octet_cuda_stream_create(0, &other));
    ASSERT_OK(octet_cuda_event_create(0, &event));
    ASSERT_NE(event, nullptr);
  }
  void TearDown() override {
    ASSERT_OK(octet_cuda_event_destroy(0, event));
    ASSERT_OK(octet_cuda_stream_destroy(0, other));
    ASSERT_OK(octet_cuda_stream_destroy(0, stream));
  }

  static octet_status Negate(OnDevice& from, OnDevice& to, void* where) {
    return octet_unary(OCTET_NEG, 0.0f, 0.0f, from.dl(), nullptr, to.dl(), nullptr, where);
  }

  Tensor x = Tensor::Of({1.0f, -2.0f, 3.0f});
  Tensor between{kF32, {3}};
  Tensor out{kF32, {3}};
  OnDevice x_there{&x};
  OnDevice between_there{&between};
  OnDevice out_there{&out};
  void* stream = nullptr;
  void* other = nullptr;
  void* event = nullptr;
};

TEST_F(CudaEvent, IsReachedBeforeItIsSet) {
  int32_t done = 0;
  ASSERT_OK(octet_cuda_event_query(0, event, &done));
  EXPECT_EQ(done, 1);
  ASSERT_OK(octet_cuda_event_synchronize(0, event));
  ASSERT_OK(octet_cuda_stream_wait(0, stream, event));
}

TEST_F(CudaEvent, OrdersTheWorkOfStreams) {
  for (int turn = 0; turn < 3; ++turn) {
    ASSERT_OK(Negate(x_there, between_there, stream));
    ASSERT_OK(octet_cuda_event_record(0, event, stream));
    ASSERT_OK(octet_cuda_stream_wait(0, other, event));
    ASSERT_OK(Negate(between_there, out_there, other));
    ASSERT_OK(octet_cuda_event_record(0, event, other));
    ASSERT_OK(octet_cuda_event_synchronize(0, event));
    int32_t done = 0;
    ASSERT_OK(octet_cuda_event_query(0, event, &done));
    EXPECT_EQ(done, 1);
    out_there.Fetch();
    EXPECT_EQ(out.Values(), x.Values());
  }
}

TEST_F(CudaEvent, CanEndBeforeItsMarkIsReached) {
  void* short_lived = nullptr;
  ASSERT_OK(octet_cuda_event_create(0, &short_lived));
  ASSERT_OK(Negate(x_there, between_there, stream));
  ASSERT_OK(octet_cuda_event_record(0, short_lived, stream));
  ASSERT_OK(octet_cuda_stream_wait(0, other, short_lived));
  ASSERT_OK(octet_cuda_event_destroy(0, short_lived));
  ASSERT_OK(Negate(between_there, out_there, other));
  ASSERT_OK(octet_cuda_synchronize(0, other));
  out_there.Fetch();
  EXPECT_EQ(out.Values(), x.Values());
}

TEST_F(CudaEvent, RefusesStreamsThatAreRecorded) {
  ASSERT_OK(octet_cuda_graph_begin(0, stream));
  EXPECT_TRUE(Says(octet_cuda_event_record(0, event, stream), OCTET_DEVICE_ERROR,
                   {"octet_cuda_event_record", "cudaErrorStreamCaptureUnsupported"}));
  octet_cuda_graph_end(0, stream, nullptr, nullptr);
  ASSERT_OK(octet_cuda_event_record(0, event, stream));
  ASSERT_OK(octet_cuda_event_synchronize(0, event));
}

TEST_F(CudaEvent, SaysWhatIsWrong) {
  void* made = &made;
  EXPECT_INVALID(octet_cuda_event_create(0, nullptr), "octet_cuda_event_create", "event is null");
  EXPECT_INVALID(octet_cuda_event_create(99, &made), "octet_cuda_event_create", "cuda:99", "expected 0 to");
  EXPECT_EQ(made, nullptr);
  ASSERT_OK(octet_cuda_event_destroy(0, nullptr));
  EXPECT_INVALID(octet_cuda_event_destroy(99, event), "octet_cuda_event_destroy", "cuda:99");
  EXPECT_INVALID(octet_cuda_event_record(0, nullptr, stream), "octet_cuda_event_record", "event is null");
  EXPECT_INVALID(octet_cuda_event_query(0, event, nullptr), "octet_cuda_event_query", "done is null");
  EXPECT_INVALID(octet_cuda_event_synchronize(0, nullptr), "octet_cuda_event_synchronize", "event is null");
  EXPECT_INVALID(octet_cuda_stream_wait(-1, stream, event), "octet_cuda_stream_wait", "cuda:-1");
}

}  // namespace
}  // namespace test
}  // namespace octet
