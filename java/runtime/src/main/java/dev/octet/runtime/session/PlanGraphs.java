// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

/** What all runs with a plan know of its CUDA graphs. Safe for use by several threads. */
final class PlanGraphs {
  private String obstacle;
  private long nodes;

  /**
   * Starts without a graph.
   *
   * @param obstacle why there is to be none; null: there may be
   */
  PlanGraphs(String obstacle) {
    this.obstacle = obstacle;
  }

  /** Tells whether to record graphs. */
  synchronized boolean wanted() {
    return obstacle == null;
  }

  /** Says that a graph was recorded. */
  synchronized void recorded(long count) {
    nodes = count;
  }

  /** Says why recording failed; no run tries again. */
  synchronized void giveUp(String reason) {
    if (obstacle == null) {
      obstacle = reason;
    }
  }

  /** Returns why there is no graph, null if there may be one. */
  synchronized String obstacle() {
    return obstacle;
  }

  /** Returns the kernels and copies of a graph, 0 if none was recorded. */
  synchronized long nodes() {
    return nodes;
  }
}
