// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Option;

/** The options of every command that lowers a model. */
final class LoweringSettings {
  @Option(
      names = "--shape",
      paramLabel = "INPUT=SIZES",
      description = {
        "The sizes of an input, separated by commas: numbers, or names for sizes that differ from"
            + " run to run (ids=batch,tokens). Without it dimension 0 is 'batch', the others are"
            + " those of the calibration data."
      })
  private Map<String, String> shapes = new LinkedHashMap<>();

  @Option(
      names = "--integer-attention",
      description = {
        "Let attention run in integers throughout where its operands are on grids; its"
            + " probabilities are then rounded to multiples of 1/255."
      })
  private boolean integerAttention;

  @Option(
      names = "--dynamic-activations",
      description = {
        "Let linear layers of integer weights whose inputs are on no grid run in integers: each row"
            + " of an input is rounded to 8 bits on a grid of its own while the program runs."
      })
  private boolean dynamicActivations;

  @Option(
      names = "--no-fold-batch-norm",
      description = "Keep BatchNorm; it is folded into the layers before it otherwise.")
  private boolean keepBatchNorm;

  Map<String, String> shapes() {
    return shapes;
  }

  boolean integerAttention() {
    return integerAttention;
  }

  boolean dynamicActivations() {
    return dynamicActivations;
  }

  boolean foldBatchNorm() {
    return !keepBatchNorm;
  }
}
