// SPDX-License-Identifier: Apache-2.0
// The kernels of amx_tiles.h on a model of AMX, against the scalar ones. Whole products, convolutions and attention run
// on the model in the tests that compare all instruction sets.
#include "cpu/amx.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "cpu/gemm_kernels.h"
#include "support/amx_model.h"
#include "support/conv2d.h"
#include "support/gemm.h"
#include "support/grids.h"
#include "support/tensor.h"

namespace octet {
namespace test {
namespace {

using cpu::GemmKernels;
using cpu::GemmTile;
using cpu::GemmUse;
using cpu::ScalarGemmKernels;

constexpr int32_t kBefore = 123456789;

/** Operands of a tile, in memory whose ends a sanitizer watches. */
class Operands {
 public:
  Operands(int rows, int64_t groups, int64_t runs, int columns, int64_t gap)
      : a_(static_cast<size_t>((rows - 1) * (runs * groups * kGroup + gap) + runs * groups * kGroup)),
        b_(static_cast<size_t>(runs * groups * columns * kGroup)) {
    const std::vector<int> bytes =
        RandomCodes(static_cast<int64_t>(a_.size() + b_.size()), 0, 255, static_cast<uint32_t>(rows * 64 + groups));
    for (size_t i = 0; i < a_.size(); ++i) a_.data()[i] = static_cast<char>(bytes[i]);
    for (size_t i = 0; i < b_.size(); ++i) b_.data()[i] = static_cast<char>(bytes[a_.size() + i]);
    // Later runs lie before earlier ones.
    for (int64_t run = 0; run < runs; ++run) offsets_.push_back((runs - 1 - run) * groups * kGroup);
    tile_.a = a_.data();
    tile_.a_stride = runs * groups * kGroup + gap;
    tile_.rows = rows;
    tile_.groups = groups;
    tile_.run_offsets = offsets_.data();
    tile_.runs = runs;
    tile_.b = reinterpret_cast<const int8_t*>(b_.data());
    tile_.columns = columns;
  }

  std::vector<int32_t> Sums(const GemmKernels& kernels, bool add) {
    Aligned memory(static_cast<size_t>(tile_.rows * kPanelColumns) * sizeof(int32_t));
    auto* const sums = reinterpret_cast<int32_t*>(memory.data());
    std::fill_n(sums, tile_.rows * kPanelColumns, kBefore);
    tile_.add = add;
    tile_.sums = sums;
    {
      const GemmUse use(kernels);
      kernels.tile(tile_);
    }
    return {sums, sums + tile_.rows * kPanelColumns};
  }

 private:
  Aligned a_;
  Aligned b_;
  std::vector<int64_t> offsets_;
  GemmTile tile_;
};

void ExpectSame(int rows, int64_t groups, int64_t runs, int columns, int64_t gap) {
  Operands operands(rows, groups, runs, columns, gap);
  for (const bool add : {false, true}) {
    ASSERT_EQ(operands.Sums(ModelledAmxKernels(), add), operands.Sums(ScalarGemmKernels(), add))
        << rows << " rows, " << groups << " groups, " << runs << " runs, " << columns << " columns, add " << add;
  }
}

TEST(AmxTiles, EqualTheScalarOnes) {
  const int64_t dots = ModelledDots();
  for (int rows = 1; rows <= cpu::kMaxTileRows; ++rows) {
    for (int64_t groups : {0, 1, 2, 3, 4, 5, 8, 15, 16, 17, 25, 30, 31, 32, 33, 37, 48, 60, 63, 64, 129}) {
      for (int columns : {16, 32}) ExpectSame(rows, groups, 1, columns, 0);
    }
  }
  EXPECT_GT(ModelledDots(), dots + 1000);
}

TEST(AmxTiles, EqualTheScalarOnesInRuns) {
  for (int rows : {1, 3, 4, 7, 15, 16, 17, 18, 31, 32}) {
    for (int64_t groups : {0, 1, 6, 16, 17, 21, 34, 47}) {
      for (int64_t runs : {2, 3, 9}) {
        for (int columns : {16, 32}) ExpectSame(rows, groups, runs, columns, 4 * groups + 12);
      }
    }
  }
}

TEST(AmxTiles, AreGivenBack) {
  const int64_t configurations = ModelledConfigurations();
  const GemmKernels& kernels = ModelledAmxKernels();
  Operands high(32, 40, 1, 32, 0);
  Operands low(19, 32, 1, 16, 0);
  high.Sums(kernels, false);
  EXPECT_EQ(ThreadsWithTiles(), 0);
  EXPECT_EQ(ModelledConfigurations(), configurations + 1);
  {
    // Rows 16 to 32, and whatever columns, go with one configuration.
    const GemmUse use(kernels);
    EXPECT_EQ(ThreadsWithTiles(), 0);
    high.Sums(kernels, true);
    low.Sums(kernels, true);
  }
  EXPECT_EQ(ThreadsWithTiles(), 0);
}

TEST(AmxTiles, OfFewRowsAreLeftToOthers) {
  const int64_t configurations = ModelledConfigurations();
  for (int rows : {1, 2, 3}) Operands(rows, 96, 1, 32, 0).Sums(ModelledAmxKernels(), false);
  Operands(32, 2, 1, 32, 0).Sums(ModelledAmxKernels(), false);
  EXPECT_EQ(ModelledConfigurations(), configurations);
  Operands(4, 96, 1, 32, 0).Sums(ModelledAmxKernels(), false);
  EXPECT_EQ(ModelledConfigurations(), configurations + 1);
}

/** What a processor does whose sums are right but in one lane of some tiles. */
void AlmostRightTile(const GemmTile& tile) {
  ScalarGemmKernels().tile(tile);
  if (tile.rows == 16) tile.sums[15 * kPanelColumns + 31] += 1;
}

/** As ScalarGemmKernels, but sums are always replaced. */
void ForgetfulTile(const GemmTile& tile) {
  GemmTile forgetful = tile;
  forgetful.add = false;
  ScalarGemmKernels().tile(forgetful);
}

TEST(Amx, IsUsedOnlyIfItsSumsAreRight) {
  EXPECT_TRUE(cpu::AgreesWithScalar(ScalarGemmKernels()));
  const int64_t dots = ModelledDots();
  EXPECT_TRUE(cpu::AgreesWithScalar(ModelledAmxKernels()));
  EXPECT_GT(ModelledDots(), dots);
  EXPECT_EQ(ThreadsWithTiles(), 0);
  GemmKernels wrong = ScalarGemmKernels();
  wrong.tile = AlmostRightTile;
  EXPECT_FALSE(cpu::AgreesWithScalar(wrong));
  wrong.tile = ForgetfulTile;
  EXPECT_FALSE(cpu::AgreesWithScalar(wrong));
}

/** Calls of the library on the model. */
class AmxCalls : public testing::Test {
 protected:
  void SetUp() override {
    AvailableIsas();
    if (octet_isa_available(OCTET_ISA_AMX_INT8) == 0) GTEST_SKIP() << "AMX is modelled on top of AVX512-VNNI";
    if (cpu::AmxStandIn() == nullptr) GTEST_SKIP() << "this machine has AMX, which counts no instructions";
    EXPECT_OK(octet_set_isa(OCTET_ISA_AMX_INT8));
  }

  /** The products of tiles that a call makes, whose threads all give their tiles back. */
  template <typename Call>
  static int64_t DotsOf(const Call& call) {
    const int64_t before = ModelledDots();
    call();
    EXPECT_EQ(ThreadsWithTiles(), 0);
    return ModelledDots() - before;
  }

 private:
  const KeepSettings keep_;
};

TEST_F(AmxCalls, MultiplyMatrices) {
  Weights weights(100, 150, kWeightKinds[0], 3);
  weights.Pack();
  // For 16 x 16 sums three steps of at most 64 k.
  constexpr int64_t kFewest = (300 + 15) / 16 * 7 * 3;
  for (int32_t threads : {1, 3}) {
    EXPECT_OK(octet_set_num_threads(threads));
    for (int64_t m : {1, 300}) {
      Tensor a(kF32, {m, 150});
      a.Fill(RandomCodes(m * 150, -100, 100, 4));
      Tensor out(kF32, {m, 100});
      const int64_t dots = DotsOf([&] { EXPECT_OK(RunGemm(a.dl(), nullptr, weights, nullptr, out.dl())); });
      EXPECT_GE(dots, m == 1 ? 0 : kFewest);
      EXPECT_LE(dots, m == 1 ? 0 : kFewest * 5 / 4);
    }
  }
}

TEST_F(AmxCalls, Convolve) {
  EXPECT_OK(octet_set_num_threads(2));
  const ConvShape shape = {2, 14, 14, 16, 40, 3, 3, Params(1, 1)};
  ConvWeights weights(shape, kWeightKinds[0], 5);
  weights.Pack();
  Tensor x(kF32, {2, 14, 14, 16});
  x.Fill(RandomCodes(x.count(), -100, 100, 6));
  const TensorGrid grid(kS8, 1.0f, 0.0f);
  Tensor out(kF32, {2, 14, 14, 40});
  // A line's pixels by 16 channels of 40, three runs of three taps, which are 48 k.
  EXPECT_EQ(DotsOf([&] { EXPECT_OK(RunConv2d(x.dl(), grid.get(), weights, nullptr, out.dl())); }), 2 * 14 * 3 * 3);
}

TEST_F(AmxCalls, Attend) {
  EXPECT_OK(octet_set_num_threads(2));
  Tensor q(kS8, {2, 3, 64, 32});
  q.Fill(RandomCodes(q.count(), -128, 127, 7));
  const TensorGrid grid(kS8, 0.02f, 0.0f);
  octet_softmax_terms terms = {};
  terms.scale = 0.2f;
  octet_attention_inputs inputs = {};
  inputs.q = inputs.k = inputs.v = q.dl();
  inputs.q_grid = inputs.k_grid = inputs.v_grid = grid.get();
  inputs.terms = &terms;
  Tensor out(kF32, {2, 3, 64, 32});
  size_t bytes = 0;
  EXPECT_OK(octet_attention_workspace_size(&inputs, &bytes));
  const Aligned workspace(bytes);
  // A head's 64 queries by 64 keys in one step of 32 k, then by 32 columns in one step of 64 k.
  EXPECT_EQ(DotsOf([&] { EXPECT_OK(octet_attention(&inputs, out.dl(), nullptr, workspace.data(), bytes, nullptr)); }),
            2 * 3 * (4 * 4 + 4 * 2));
}

}  // namespace
}  // namespace test
}  // namespace octet
