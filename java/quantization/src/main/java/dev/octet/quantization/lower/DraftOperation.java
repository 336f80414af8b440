// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** An operation of a draft: a kind of the runtime, or one that the runtime does not have. */
final class DraftOperation {
  private final String kind;
  private final Origin origin;
  private final Map<String, DraftValue> inputs = new LinkedHashMap<>();
  private final Map<String, Object> attributes = new TreeMap<>();
  private final List<String> reasons = new ArrayList<>();
  private final List<String> advice = new ArrayList<>();
  private final List<String> fused = new ArrayList<>();
  private final Map<String, DraftValue> further = new LinkedHashMap<>();
  private DraftValue out;

  DraftOperation(String kind, Origin origin) {
    this.kind = kind;
    this.origin = origin;
  }

  String kind() {
    return kind;
  }

  boolean is(String other) {
    return kind.equals(other);
  }

  Origin origin() {
    return origin;
  }

  /** Lets a value stand in a role; null: nothing. */
  DraftOperation input(String role, DraftValue value) {
    if (value != null) {
      inputs.put(role, value);
    }
    return this;
  }

  DraftValue input(String role) {
    return inputs.get(role);
  }

  Map<String, DraftValue> inputs() {
    return Collections.unmodifiableMap(inputs);
  }

  void replaceInputs(UnaryOperator<DraftValue> replacement) {
    inputs.replaceAll((role, value) -> replacement.apply(value));
  }

  DraftOperation set(String name, Object value) {
    attributes.put(name, value);
    return this;
  }

  Object attribute(String name) {
    return attributes.get(name);
  }

  Map<String, Object> attributes() {
    return Collections.unmodifiableMap(attributes);
  }

  /** Says why this runs as it does. */
  DraftOperation reason(String text) {
    if (text != null) {
      reasons.add(text);
    }
    return this;
  }

  List<String> reasons() {
    return reasons;
  }

  /** Says what to change for this to run in integers. */
  DraftOperation advise(String text) {
    if (text != null) {
      advice.add(text);
    }
    return this;
  }

  List<String> advice() {
    return advice;
  }

  /** Notes what was done in the same pass, in the order in which it is done. */
  DraftOperation fuse(String what) {
    fused.add(what);
    return this;
  }

  /** Takes over what another operation had fused and was told. */
  void absorb(DraftOperation other) {
    fused.addAll(other.fused);
    reasons.addAll(other.reasons);
    advice.addAll(other.advice);
  }

  List<String> fused() {
    return fused;
  }

  DraftValue out() {
    return out;
  }

  void out(DraftValue value) {
    out = value;
  }

  /** Returns what it makes beside {@link #out}, by role. */
  Map<String, DraftValue> further() {
    return Collections.unmodifiableMap(further);
  }

  /** Asks for something beside {@link #out}. */
  void further(String role, DraftValue value) {
    further.put(role, value);
  }

  /** Keeps of what is made beside {@link #out} only what is used. */
  void keepFurther(Set<DraftValue> used) {
    further.values().removeIf(value -> !used.contains(value));
  }

  /** Returns all that it makes. */
  List<DraftValue> results() {
    List<DraftValue> results = new ArrayList<>();
    results.add(out);
    results.addAll(further.values());
    return results;
  }
}
