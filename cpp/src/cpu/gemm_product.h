// SPDX-License-Identifier: Apache-2.0
// The parts of a matrix product: activations that are made ready some rows at a time in the workspace, and items of
// the output, blocks of rows by groups of panels, which threads take one after the other.
#ifndef OCTET_CPU_GEMM_PRODUCT_H_
#define OCTET_CPU_GEMM_PRODUCT_H_

#include <cstdint>

#include "cpu/backend.h"
#include "cpu/code_epilogue.h"
#include "cpu/epilogue_kernels.h"
#include "cpu/gemm_activations.h"
#include "cpu/gemm_kernels.h"

namespace octet {
namespace cpu {

/** The most rows of [m, k] that are ready at the same time. */
int64_t ReadyRowsOf(int64_t m, int64_t k);

/** Activations as the kernels take them, some rows at a time. */
class ReadyParts {
 public:
  /** Bytes of workspace, a multiple of kPackAlignment, for whichever instruction set. */
  static int64_t Bytes(int64_t m, int64_t k);

  /** k, bits, with_sums: of the weights. a.m > 0. */
  ReadyParts(const GemmKernels& kernels, const GemmActivations& a, int64_t k, int bits, bool with_sums,
             char* workspace);

  int64_t count() const { return parts_; }
  /** Where a part begins; the next one's beginning is its end. */
  int64_t Start(int64_t part) const;
  /** Makes a part ready in place of the one before. alone: in this thread. */
  void Make(int64_t part, bool alone) const;
  /** Rows of a part from number `row` of them on. */
  ReadyRows From(int64_t row) const;

 private:
  const GemmKernels& kernels_;
  const GemmActivations& a_;
  const int64_t k_;
  const bool with_sums_;
  bool as_they_are_;
  int64_t parts_;
  ReadyRows ready_;
};

/** Some rows of the output, whose activations are ready. */
class GemmProduct {
 public:
  /** ready: from first_row on. rows and weights.n > 0. */
  GemmProduct(const GemmKernels& kernels, const GemmActivations& a, const PackedGemm& weights,
              const EpilogueView& epilogue, const ReadyRows& ready, int64_t first_row, int64_t rows);

  int64_t items() const { return blocks_ * panel_groups_; }

  void RunItem(int64_t item) const;

 private:
  void RunPanel(int64_t begin, int64_t rows, int64_t panel) const;
  void RunHalfBytes(int64_t begin, int64_t rows, int64_t panel) const;
  /** Sets the places of a tile in codes, and makes them. */
  void FinishCodes(const int32_t* sums, int rows, int64_t row, int64_t column, TileCodes* codes) const;
  /** Columns of a panel, those beyond N included. */
  int ColumnsOf(int64_t panel) const;
  /** Has the output's memory on its way while the products are made. */
  void FetchOutput(int64_t row, int rows, int64_t column) const;
  void Finish(const int32_t* sums, int rows, int64_t row, int64_t column) const;

  const GemmActivations& a_;
  const PackedGemm& weights_;
  const EpilogueView& epilogue_;
  const ReadyRows ready_;
  const int64_t first_row_;
  const int64_t rows_;
  const GemmKernels& kernels_;
  const EpilogueKernels& epilogue_kernels_;
  const CodeEpilogue codes_;
  const int64_t groups_;
  const int32_t a_zero_;
  const int64_t panels_;
  const int64_t block_rows_;
  const int64_t blocks_;
  const bool fetch_output_;
  int64_t panel_groups_ = 1;
};

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_GEMM_PRODUCT_H_
