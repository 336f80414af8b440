// SPDX-License-Identifier: Apache-2.0
#include "cpu/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "octet/library.h"
#include "support/tensor.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

TEST(ThreadPool, RunsEveryItemOnce) {
  const KeepSettings keep;
  for (int threads : {1, 2, 3, 4, 9}) {
    cpu::SetNumThreads(threads);
    for (int64_t count : {0, 1, 2, 3, 100, 5000}) {
      std::vector<std::atomic<int>> runs(static_cast<size_t>(count));
      cpu::ParallelFor(count, [&](int64_t item) { runs[static_cast<size_t>(item)].fetch_add(1); });
      for (const auto& run : runs) ASSERT_EQ(run.load(), 1);
    }
  }
}

TEST(ThreadPool, StartsNoWorkerForOneThread) {
  const KeepSettings keep;
  const int before = cpu::StartedWorkers();
  cpu::SetNumThreads(1);
  const std::thread::id caller = std::this_thread::get_id();
  cpu::ParallelFor(1000, [&](int64_t) { EXPECT_EQ(std::this_thread::get_id(), caller); });
  EXPECT_EQ(cpu::StartedWorkers(), before);
}

TEST(ThreadPool, FollowsTheCallersSetting) {
  const KeepSettings keep;
  cpu::SetNumThreads(4);
  ASSERT_EQ(octet_set_caller_threads(1), OCTET_OK);
  const std::thread::id caller = std::this_thread::get_id();
  cpu::ParallelFor(1000, [&](int64_t) { EXPECT_EQ(std::this_thread::get_id(), caller); });
  EXPECT_EQ(octet_get_num_threads(), 4);
  int elsewhere = 0;
  std::thread([&] { elsewhere = cpu::CallThreads(); }).join();
  EXPECT_EQ(elsewhere, 4);
  EXPECT_EQ(octet_set_caller_threads(-1), OCTET_INVALID_ARGUMENT);
  EXPECT_NE(std::string(octet_last_error()).find("num_threads is -1"), std::string::npos);
  EXPECT_EQ(cpu::CallThreads(), 1);
  ASSERT_EQ(octet_set_caller_threads(0), OCTET_OK);
  EXPECT_EQ(cpu::CallThreads(), 4);
}

TEST(ThreadPool, UsesNoMoreThreadsThanSet) {
  const KeepSettings keep;
  for (int threads : {4, 2, 3}) {
    cpu::SetNumThreads(threads);
    std::atomic<int> at_once{0};
    std::atomic<int> most{0};
    cpu::ParallelFor(200, [&](int64_t) {
      const int now = at_once.fetch_add(1) + 1;
      int seen = most.load();
      while (seen < now && !most.compare_exchange_weak(seen, now)) {
      }
      std::this_thread::sleep_for(std::chrono::microseconds(100));
      at_once.fetch_sub(1);
    });
    EXPECT_LE(most.load(), threads);
    EXPECT_GE(most.load(), 2);
  }
  EXPECT_LE(cpu::StartedWorkers(), 8);
}

TEST(ThreadPool, ServesSeveralCallersAtOnce) {
  const KeepSettings keep;
  cpu::SetNumThreads(4);
  std::vector<std::thread> callers;
  std::atomic<int64_t> total{0};
  for (int c = 0; c < 6; ++c) {
    callers.emplace_back([&total] {
      for (int round = 0; round < 300; ++round) {
        int64_t sums[16] = {};
        cpu::ParallelFor(16, [&](int64_t item) { sums[item] = item + 1; });
        for (int64_t sum : sums) total.fetch_add(sum);
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(total.load(), 6 * 300 * 136);
}

TEST(ThreadPool, TakesNewSettingsWhileCallsRun) {
  const KeepSettings keep;
  std::atomic<bool> stop{false};
  std::thread setter([&] {
    for (int i = 0; !stop.load(); ++i) cpu::SetNumThreads(1 + i % 4);
  });
  for (int round = 0; round < 500; ++round) {
    std::atomic<int> runs{0};
    cpu::ParallelFor(20, [&](int64_t) { runs.fetch_add(1); });
    ASSERT_EQ(runs.load(), 20);
  }
  stop.store(true);
  setter.join();
}

TEST(ThreadPool, GivesTheSameResultsToManyCallersOfTheLibrary) {
  const KeepSettings keep;
  ASSERT_OK(octet_set_num_threads(3));
  Tensor x(kF32, {300000});
  x.Fill(RandomValues(x.count(), 1.0f, 1));
  Tensor delta = Tensor::Scalar(0.01f);
  const octet_grid grid = {delta.dl(), nullptr, -128.0f, 127.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
  Tensor expected(kF32, x.shape());
  ASSERT_OK(octet_fake_quantize(&grid, x.dl(), expected.dl(), nullptr));
  const DLTensor* x_dl = x.dl();
  std::vector<std::thread> callers;
  for (int c = 0; c < 4; ++c) {
    callers.emplace_back([&] {
      for (int round = 0; round < 5; ++round) {
        Tensor out(kF32, {300000});
        EXPECT_OK(octet_fake_quantize(&grid, x_dl, out.dl(), nullptr));
        EXPECT_TRUE(SameBits(out, expected));
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
}

}  // namespace
}  // namespace test
}  // namespace octet
