// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import java.util.ArrayList;
import java.util.List;

/**
 * The instances of one plan that no run uses at present. Each run takes one, or makes one if there
 * is none, and gives it back.
 */
final class PlanPool {
  private final Plan plan;
  private final PlanGraphs graphs;
  private final List<PlanInstance> idle = new ArrayList<>();
  private boolean retired;

  /**
   * Starts without instances.
   *
   * @param graphs what the instances know of their CUDA graphs
   */
  PlanPool(Plan plan, PlanGraphs graphs) {
    this.plan = plan;
    this.graphs = graphs;
  }

  PlanGraphs graphs() {
    return graphs;
  }

  Plan plan() {
    return plan;
  }

  /** Returns an idle instance, the one used last, or null. */
  synchronized PlanInstance take() {
    return idle.isEmpty() ? null : idle.remove(idle.size() - 1);
  }

  /** Takes an instance back; returns false if it is to be closed by the caller. */
  synchronized boolean give(PlanInstance instance) {
    if (retired) {
      return false;
    }
    idle.add(instance);
    return true;
  }

  synchronized boolean isRetired() {
    return retired;
  }

  /** Takes no instances back from now on and returns the idle ones. */
  synchronized List<PlanInstance> retire() {
    retired = true;
    return drain();
  }

  /** Returns the idle instances, which are the caller's now. */
  synchronized List<PlanInstance> drain() {
    List<PlanInstance> drained = List.copyOf(idle);
    idle.clear();
    return drained;
  }
}
