// SPDX-License-Identifier: Apache-2.0
#include "cpu/conv2d_output.h"

#include <cstring>

#include "cpu/transpose.h"

namespace octet {
namespace cpu {
namespace {

/** Copies rows x columns elements; strides in bytes. */
template <typename T>
void CopyElements(const char* from, int64_t from_row, int64_t from_column, char* to, int64_t to_row, int64_t to_column,
                  int rows, int columns) {
  for (int c = 0; c < columns; ++c) {
    for (int r = 0; r < rows; ++r) {
      std::memcpy(to + r * to_row + c * to_column, from + r * from_row + c * from_column, sizeof(T));
    }
  }
}

void Copy(ElementType type, const char* from, int64_t from_row, int64_t from_column, char* to, int64_t to_row,
          int64_t to_column, int rows, int columns) {
  // Pixels side by side where channels are elsewhere.
  const int64_t size = SizeOf(type);
  const auto transpose = size == 1 ? TransposeBytes : TransposeWords;
  if (size != 2 && from_column == size && to_row == size) {
    transpose(from, from_row, to, to_column, rows, columns);
    return;
  }
  if (size != 2 && to_column == size && from_row == size) {
    transpose(from, from_column, to, to_row, columns, rows);
    return;
  }
  const auto copy = SizeOf(type) == 4   ? CopyElements<uint32_t>
                    : SizeOf(type) == 2 ? CopyElements<uint16_t>
                                        : CopyElements<uint8_t>;
  copy(from, from_row, from_column, to, to_row, to_column, rows, columns);
}

/** A tile of elements of any type. */
struct ElementTile {
  alignas(64) char data[kMaxEpilogueRows * kTileColumns * 4];
  static int64_t RowStride(ElementType type) { return kTileColumns * SizeOf(type); }
};

}  // namespace

Conv2dOutput::Image::Image(const TensorView& view) : data(view.data), type(view.type) {
  for (int d = 0; data != nullptr && d < 4; ++d) strides[d] = view.strides[d] * view.item_size();
  // A single channel has no neighbour.
  if (data != nullptr && view.shape[3] == 1) strides[3] = view.item_size();
}

Conv2dOutput::Conv2dOutput(const Conv2dArguments& arguments)
    : kernels_(CurrentEpilogueKernels()),
      epilogue_(arguments.epilogue),
      a_scale_(&arguments.step.scale),
      out_(arguments.out),
      residual_(arguments.residual) {}

template <typename Body>
void Conv2dOutput::WithRows(int rows, int columns, const TilePlace& place, const Body& body) const {
  EpilogueView epilogue = epilogue_;
  if (epilogue.factor != nullptr) epilogue.factor += place.channel;
  ElementTile out;
  ElementTile residual;
  if (residual_.data != nullptr) {
    if (residual_.together()) {
      epilogue.residual = {residual_.At(place), residual_.type, residual_.strides[2]};
    } else {
      const int64_t stride = ElementTile::RowStride(residual_.type);
      Copy(residual_.type, residual_.At(place), residual_.strides[2], residual_.strides[3], residual.data, stride,
           SizeOf(residual_.type), rows, columns);
      epilogue.residual = {residual.data, residual_.type, stride};
    }
  }
  if (out_.together()) {
    epilogue.out = {out_.At(place), out_.type, out_.strides[2]};
    body(epilogue);
    return;
  }
  const int64_t stride = ElementTile::RowStride(out_.type);
  epilogue.out = {out.data, out_.type, stride};
  body(epilogue);
  Copy(out_.type, out.data, stride, SizeOf(out_.type), out_.At(place), out_.strides[2], out_.strides[3], rows, columns);
}

bool Conv2dOutput::MakePanel(const CodeEpilogue& epilogue, const PackedGemm& weights, int64_t first_channel,
                             int64_t panel, PanelValues* values, TileCodes* codes) const {
  // Channels side by side, and those of a residual.
  const bool together = out_.together() && (residual_.data == nullptr || residual_.together());
  return together && epilogue.MakePanel(weights, first_channel, panel, values, codes);
}

void Conv2dOutput::Finish(ScaleStep step, int32_t a_zero, const TilePlace& place) const {
  step.a_zero = a_zero;
  step.a_scale = a_scale_;
  step.a_scale_step = 0;
  if (epilogue_.bias != nullptr) step.bias = epilogue_.bias + place.channel;
  WithRows(step.rows, step.columns, place,
           [&](const EpilogueView& epilogue) { FinishTile(kernels_, epilogue, step, 0, 0); });
}

void Conv2dOutput::FinishSums(int rows, int columns, const TilePlace& place, float* sums) const {
  if (epilogue_.bias != nullptr) kernels_.add_bias(epilogue_.bias + place.channel, rows, columns, sums);
  WithRows(rows, columns, place,
           [&](const EpilogueView& epilogue) { FinishValues(kernels_, epilogue, rows, columns, 0, 0, sums); });
}

}  // namespace cpu
}  // namespace octet
