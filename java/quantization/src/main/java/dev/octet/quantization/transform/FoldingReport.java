// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform;

import java.util.List;
import org.bytedeco.pytorch.Module;

/**
 * What became of the batch normalizations of a model.
 *
 * @param model the root of the model
 * @param folded those that were folded into a layer
 * @param left those that were not, and why
 */
public record FoldingReport(Module model, List<Folded> folded, List<Left> left) {

  /** Create a report. */
  public FoldingReport {
    folded = List.copyOf(folded);
    left = List.copyOf(left);
  }

  /**
   * A batch normalization that was folded.
   *
   * @param norm the path of the module, or of the graph with the name of the node
   * @param layer the path of the layer that does its work now
   */
  public record Folded(String norm, String layer) {

    @Override
    public String toString() {
      return norm + " folded into " + layer;
    }
  }

  /**
   * A batch normalization that was left as it is.
   *
   * @param norm the path of the module, or of the graph with the name of the node
   * @param reason why
   */
  public record Left(String norm, String reason) {

    @Override
    public String toString() {
      return norm + " left: " + reason;
    }
  }

  /** Describes the report to people, one line a batch normalization. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    folded.forEach(each -> text.append(each).append('\n'));
    left.forEach(each -> text.append(each).append('\n'));
    return text.toString();
  }
}
