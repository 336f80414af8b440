// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

/** Factors of a product's columns, as smoothed inputs of the next product need them. */
final class ColumnFactors {
  private ColumnFactors() {}

  /**
   * Lets a product do a multiplication in its own pass, after its activation.
   *
   * @param product what makes the first factor, for the multiplication alone
   * @param binary what may be a multiplication by a constant for each column
   * @return whether the product took it
   */
  static boolean take(DraftOperation product, DraftOperation binary) {
    DraftValue factor = binary.input("b");
    boolean multiplies =
        "mul".equals(binary.attribute("function")) && binary.attribute("activation") == null;
    boolean free =
        product.is("linear")
            && product.out().isFloat()
            && product.input("residual") == null
            && product.input("factor") == null;
    if (!multiplies || !free || !isOfColumns(factor, product.out())) {
      return false;
    }
    product.input("factor", factor);
    product.fuse("mul");
    product.absorb(binary);
    return true;
  }

  private static boolean isOfColumns(DraftValue factor, DraftValue out) {
    Sizes sizes = out.sizes();
    return factor.isConstant()
        && factor.isFloat()
        && factor.sizes().rank() == 1
        && factor.sizes().get(0).equals(sizes.get(sizes.rank() - 1));
  }
}
