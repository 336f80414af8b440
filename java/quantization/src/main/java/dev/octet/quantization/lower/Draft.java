// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A program in the making, whose operations are still to be fused. */
final class Draft {
  /** The kind of an operation that the runtime can't do. */
  static final String UNSUPPORTED = "unsupported";

  private final List<DraftValue> inputs = new ArrayList<>();
  private final List<DraftOperation> operations = new ArrayList<>();
  private final Map<String, DraftValue> outputs = new LinkedHashMap<>();
  private final Map<String, List<String>> inputSymbols = new LinkedHashMap<>();
  private final List<String> notes = new ArrayList<>();
  private final Set<String> names = new HashSet<>();
  private final boolean integerAttention;
  private final boolean dynamicActivations;

  /**
   * Makes a draft; see {@link LoweringOptions.Builder#integerAttention()} and {@link
   * LoweringOptions.Builder#dynamicActivations()}.
   */
  Draft(boolean integerAttention, boolean dynamicActivations) {
    this.integerAttention = integerAttention;
    this.dynamicActivations = dynamicActivations;
  }

  boolean dynamicActivations() {
    return dynamicActivations;
  }

  boolean integerAttention() {
    return integerAttention;
  }

  /** Returns a name that no value has. */
  String unique(String name) {
    String unique = name;
    for (int i = 1; !names.add(unique); i++) {
      unique = name + "_" + i;
    }
    return unique;
  }

  void addInput(DraftValue value, List<String> symbols) {
    inputs.add(value);
    inputSymbols.put(value.name(), symbols);
  }

  List<DraftValue> inputs() {
    return inputs;
  }

  List<String> symbols(DraftValue input) {
    return inputSymbols.get(input.name());
  }

  List<DraftOperation> operations() {
    return operations;
  }

  Map<String, DraftValue> outputs() {
    return outputs;
  }

  void note(String text) {
    if (!notes.contains(text)) {
      notes.add(text);
    }
  }

  List<String> notes() {
    return notes;
  }

  /** Returns the inputs and what operations make, in order. */
  List<DraftValue> values() {
    List<DraftValue> values = new ArrayList<>(inputs);
    operations.forEach(operation -> values.addAll(operation.results()));
    return values;
  }

  /** Returns the operations that use a value. */
  Map<DraftValue, List<DraftOperation>> uses() {
    Map<DraftValue, List<DraftOperation>> uses = new IdentityHashMap<>();
    for (DraftOperation operation : operations) {
      for (DraftValue value : operation.inputs().values()) {
        uses.computeIfAbsent(value, v -> new ArrayList<>()).add(operation);
      }
    }
    return uses;
  }

  /** Returns the operation that makes each value. */
  Map<DraftValue, DraftOperation> producers() {
    Map<DraftValue, DraftOperation> producers = new IdentityHashMap<>();
    for (DraftOperation operation : operations) {
      operation.results().forEach(value -> producers.put(value, operation));
    }
    return producers;
  }

  boolean isOutput(DraftValue value) {
    return outputs.containsValue(value);
  }

  /** Lets all users of a value use another one. */
  void replace(DraftValue old, DraftValue other) {
    operations.forEach(op -> op.replaceInputs(value -> value == old ? other : value));
    outputs.replaceAll((name, value) -> value == old ? other : value);
  }

  /** Removes operations whose results nobody uses. */
  void removeDead() {
    Set<DraftValue> used = Collections.newSetFromMap(new IdentityHashMap<>());
    used.addAll(outputs.values());
    for (int i = operations.size() - 1; i >= 0; i--) {
      DraftOperation operation = operations.get(i);
      operation.keepFurther(used);
      if (used.contains(operation.out()) || !operation.further().isEmpty()) {
        used.addAll(operation.inputs().values());
      } else {
        operations.remove(i);
      }
    }
  }
}
