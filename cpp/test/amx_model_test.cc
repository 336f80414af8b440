// SPDX-License-Identifier: Apache-2.0
// The model of AMX that stands in for the processor: its products against figures worked out by hand, and its faults.
#include "support/amx_model.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace octet {
namespace test {
namespace {

using cpu::AmxShapes;

/** Tile 0: 2 rows of 3 sums; tile 1: 2 rows of 2 groups; tile 2: 2 groups of 3 columns. */
AmxShapes Small() {
  AmxShapes shapes;
  shapes.rows[0] = 2;
  shapes.row_bytes[0] = 12;
  shapes.rows[1] = 2;
  shapes.row_bytes[1] = 8;
  shapes.rows[2] = 2;
  shapes.row_bytes[2] = 12;
  return shapes;
}

TEST(AmxModel, MultipliesUnsignedBySigned) {
  ModelConfigure(Small());
  // Rows 10 bytes apart, the last two of which do not belong to the tile.
  const uint8_t a[] = {255, 255, 255, 255, 1, 2, 3, 4, 99, 99, 0, 1, 0, 2, 128, 0, 0, 255};
  const int8_t b[] = {-128, -128, -128, -128, 127, 127, 127, 127, 1, -1, 1, -1, 1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 0, 127};
  const int32_t before[] = {7, 0, -5, 0, INT32_MIN, 0};
  ModelLoad(0, before, 12);
  ModelLoad(1, a, 10);
  ModelLoad(2, b, 12);
  ModelDot(0, 1, 2);
  int32_t sums[8];
  std::fill(std::begin(sums), std::end(sums), 42);
  ModelStore(0, sums, 16);
  const std::vector<int32_t> expected = {4 * 255 * -128 + 1 + 7, 4 * 255 * 127 - 2,   4 * 127 - 5,        42,
                                         -3 * 128 + 128,         INT32_MIN + 3 * 127, -1 - 2 + 255 * 127, 42};
  EXPECT_EQ(std::vector<int32_t>(std::begin(sums), std::end(sums)), expected);
  ModelRelease();
}

TEST(AmxModel, SumsWrapAround) {
  ModelConfigure(Small());
  const int32_t before[] = {INT32_MAX, INT32_MIN, 0, 0, 0, 0};
  const uint8_t a[16] = {1};
  const int8_t b[24] = {1, 0, 0, 0, -1};
  ModelLoad(0, before, 12);
  ModelLoad(1, a, 8);
  ModelLoad(2, b, 12);
  ModelDot(0, 1, 2);
  int32_t sums[6];
  ModelStore(0, sums, 12);
  EXPECT_EQ(sums[0], INT32_MIN);
  EXPECT_EQ(sums[1], INT32_MAX);
  ModelRelease();
}

TEST(AmxModel, ConfiguringMakesTilesZero) {
  ModelConfigure(Small());
  const int32_t ones[] = {1, 1, 1, 1, 1, 1};
  ModelLoad(0, ones, 12);
  ModelConfigure(Small());
  int32_t sums[6] = {5, 5, 5, 5, 5, 5};
  ModelStore(0, sums, 12);
  for (const int32_t sum : sums) EXPECT_EQ(sum, 0);
  ModelRelease();
}

TEST(AmxModelDeathTest, RefusesShapes) {
  const auto refused = [](const std::string& message, const auto& change) {
    AmxShapes shapes = Small();
    change(&shapes);
    EXPECT_DEATH(ModelConfigure(shapes), "LDTILECFG: expected " + message);
  };
  refused("palette 0 or 1", [](AmxShapes* shapes) { shapes->palette = 2; });
  refused("start row 0", [](AmxShapes* shapes) { shapes->start_row = 1; });
  refused("reserved bytes", [](AmxShapes* shapes) { shapes->reserved[13] = 1; });
  refused("nothing for tiles 8 to 15", [](AmxShapes* shapes) { shapes->rows[8] = 1; });
  refused("at most 16 rows", [](AmxShapes* shapes) { shapes->rows[0] = 17; });
  refused("at most 64 bytes", [](AmxShapes* shapes) { shapes->row_bytes[0] = 68; });
  refused("rows and bytes, or neither", [](AmxShapes* shapes) { shapes->rows[3] = 1; });
  refused("rows and bytes, or neither", [](AmxShapes* shapes) { shapes->row_bytes[3] = 4; });
}

TEST(AmxModelDeathTest, RefusesTiles) {
  int32_t memory[6] = {};
  EXPECT_DEATH(ModelZero(0), "TILEZERO: expected tiles to be configured");
  const auto refused = [](const std::string& message, const auto& use) {
    EXPECT_DEATH(
        {
          ModelConfigure(Small());
          use();
        },
        message);
  };
  refused("TILEZERO: expected a tile that has rows", [] { ModelZero(3); });
  refused("TILELOADD: expected a tile that has rows", [&] { ModelLoad(7, memory, 12); });
  refused("TILESTORED: expected tile 0 to 7", [&] { ModelStore(8, memory, 12); });
  refused("TILESTORED: expected tiles to be configured", [&] {
    ModelRelease();
    ModelStore(0, memory, 12);
  });
  refused("TDPBUSD: expected three different tiles", [] { ModelDot(0, 1, 1); });
  refused("TDPBUSD: expected as many columns", [] { ModelDot(0, 2, 1); });
  refused("TDPBUSD: expected as many rows", [] {
    AmxShapes shapes = Small();
    shapes.rows[0] = 1;
    ModelConfigure(shapes);
    ModelDot(0, 1, 2);
  });
  refused("TDPBUSD: expected as many groups", [] {
    AmxShapes shapes = Small();
    shapes.rows[2] = 1;
    ModelConfigure(shapes);
    ModelDot(0, 1, 2);
  });
}

}  // namespace
}  // namespace test
}  // namespace octet
