// SPDX-License-Identifier: Apache-2.0
// Fake quantization of matrices, with one grid, one for each row, and one for each 128 neighbours of a row; forward,
// backward with the gradients of step and zero point, and forward with partial derivatives.
#include "families.h"
#include "matrices.h"

namespace octet {
namespace bench {
namespace {

constexpr Matrix kSmallShapes[] = {{5, 256}};

struct Sharing {
  const char* name;
  /** Neighbours of a row that share a grid; 0: all elements do, -1: a row does. */
  int64_t group;
};

constexpr Sharing kSharings[] = {{"per_tensor", 0}, {"per_channel", -1}, {"per_group_128", 128}};

/** A matrix seen as one with a row for each grid. */
std::vector<int64_t> Rows(const Matrix& shape, const Sharing& sharing) {
  const auto [rows, columns] = shape;
  if (sharing.group <= 0) return {rows, columns};
  return {rows * columns / sharing.group, sharing.group};
}

DeviceGrid GridOf(const std::vector<int64_t>& rows, const Sharing& sharing) {
  return sharing.group == 0 ? DeviceGrid(true, -1, 1) : DeviceGrid(true, 0, rows[0]);
}

void Forward(Bench* bench, const Sharing& sharing, const Matrix& shape, DLDataType type) {
  const auto rows = Rows(shape, sharing);
  const DeviceGrid grid = GridOf(rows, sharing);
  const Tensor x(type, rows);
  const Tensor out(type, rows);
  bench->Measure({x.bytes() + out.bytes()},
                 [&] { BENCH_CHECK(octet_fake_quantize(grid.get(), x.dl(), out.dl(), nullptr)); });
}

void Backward(Bench* bench, const Sharing& sharing, const Matrix& shape, DLDataType type) {
  const auto rows = Rows(shape, sharing);
  const DeviceGrid grid = GridOf(rows, sharing);
  const Tensor x(type, rows);
  const Tensor grad_out(type, rows);
  const Tensor grad_x(type, rows);
  const int64_t grids = sharing.group == 0 ? 1 : rows[0];
  const Tensor grad_delta(kF32, {grids});
  const Tensor grad_zero(kF32, {grids});
  bench->Measure({3.0 * x.bytes()}, [&] {
    BENCH_CHECK(octet_fake_quantize_backward(grid.get(), x.dl(), grad_out.dl(), grad_x.dl(), grad_delta.dl(),
                                             grad_zero.dl(), nullptr));
  });
}

void Partials(Bench* bench, const Sharing& sharing, const Matrix& shape, DLDataType type) {
  const auto rows = Rows(shape, sharing);
  const DeviceGrid grid = GridOf(rows, sharing);
  const Tensor x(type, rows);
  const Tensor out(type, rows);
  const Tensor d_x(type, rows);
  const Tensor d_delta(type, rows);
  const Tensor d_zero(type, rows);
  bench->Measure({5.0 * x.bytes()}, [&] {
    BENCH_CHECK(
        octet_fake_quantize_partials(grid.get(), x.dl(), out.dl(), d_x.dl(), d_delta.dl(), d_zero.dl(), nullptr));
  });
}

}  // namespace

void FakeQuantizeRows(Bench* bench) {
  for (const Matrix& shape : bench->Choose(kMatrices, kSmallShapes)) {
    for (const Sharing& sharing : kSharings) {
      for (const DLDataType type : {kF32, kBF16}) {
        const std::string row =
            std::string(sharing.name) + '/' + NameOf(type) + '/' + ShapeText({shape.rows, shape.columns});
        bench->Row("fake_quantize", row, [&] { Forward(bench, sharing, shape, type); });
        bench->Row("fake_quantize_backward", row, [&] { Backward(bench, sharing, shape, type); });
        bench->Row("fake_quantize_partials", row, [&] { Partials(bench, sharing, shape, type); });
      }
    }
  }
}

}  // namespace bench
}  // namespace octet
