// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.torchscript;

/** Thrown where a TorchScript program has a part that cannot be imported. */
public final class TorchScriptImportException extends IllegalArgumentException {

  private static final long serialVersionUID = 1L;

  private final String modulePath;
  private final String node;
  private final String source;

  TorchScriptImportException(
      String modulePath, String node, String source, String reason, Throwable cause) {
    super(message(modulePath, node, source, reason), cause);
    this.modulePath = modulePath;
    this.node = node;
    this.source = source;
  }

  private static String message(String path, String node, String source, String reason) {
    return "cannot import "
        + (path.isEmpty() ? "the root module" : "module '" + path + "'")
        + (node == null ? "" : ", node " + node)
        + (source == null ? "" : ", from " + source)
        + ": "
        + reason;
  }

  /**
   * Return the dotted path of the module.
   *
   * @return empty for the root
   */
  public String modulePath() {
    return modulePath;
  }

  /**
   * Return the node.
   *
   * @return its kind and results, or null if it is not one node that cannot be imported
   */
  public String node() {
    return node;
  }

  /**
   * Return the place in the original program.
   *
   * @return file, line and text, or null if not known
   */
  public String source() {
    return source;
  }
}
