// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.quantization.lower.LoweringReport.Arithmetic;
import dev.octet.quantization.lower.LoweringReport.Row;
import dev.octet.runtime.type.ElementType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/** Writes the report of a draft. */
final class Reporter {
  private static final Set<String> INTEGER = Set.of("linear", "conv2d", "attention");
  private static final Set<String> MOVES =
      Set.of("reshape", "transpose", "slice", "expand", "concat", "where", "gather");
  private static final List<String> WEIGHT_ROLES =
      List.of("weights", "table", "weight", "hidden_weights0");

  private Reporter() {}

  static LoweringReport report(Draft draft) {
    List<Row> rows = new ArrayList<>();
    Set<DraftValue> constants = Collections.newSetFromMap(new IdentityHashMap<>());
    long bytes = 0;
    long floatBytes = 0;
    for (DraftOperation operation : draft.operations()) {
      rows.add(row(operation));
      for (DraftValue value : operation.inputs().values()) {
        if (value.isConstant() && constants.add(value)) {
          long elements = value.data().remaining() / value.type().byteSize();
          bytes += isHalved(operation, value) ? (elements + 1) / 2 : value.data().remaining();
          floatBytes += value.grid() == null ? value.data().remaining() : elements * Float.BYTES;
        }
      }
    }
    return new LoweringReport(rows, draft.notes(), bytes, floatBytes);
  }

  private static boolean isHalved(DraftOperation operation, DraftValue value) {
    Object bits =
        operation.is("embedding")
            ? operation.attribute("table_bits")
            : operation.attribute("weight_bits");
    return value.grid() != null && Long.valueOf(4).equals(bits);
  }

  private static Row row(DraftOperation operation) {
    boolean missing = !operation.is(Draft.UNSUPPORTED) && !Emitter.isKnown(operation.kind());
    List<String> reasons = new ArrayList<>(operation.reasons());
    if (missing) {
      reasons.add("the runtime has no operation '" + operation.kind() + "'");
    }
    DraftValue weight =
        WEIGHT_ROLES.stream()
            .map(operation::input)
            .filter(value -> value != null)
            .findFirst()
            .orElse(null);
    DraftValue x =
        operation.inputs().values().stream()
            .filter(value -> !value.isConstant())
            .findFirst()
            .orElse(null);
    return new Row(
        operation.origin().path(),
        operation.origin().what(),
        operation.kind(),
        missing ? Arithmetic.UNSUPPORTED : arithmetic(operation),
        x == null ? "" : type(x),
        weight == null ? "" : type(weight),
        type(operation.out()),
        epilogue(operation),
        reasons,
        operation.advice().stream().distinct().toList(),
        operation.origin().source());
  }

  private static List<String> epilogue(DraftOperation operation) {
    List<String> epilogue = new ArrayList<>();
    if (operation.input("bias") != null && operation.input("weights") != null) {
      epilogue.add("bias");
    }
    epilogue.addAll(operation.fused());
    // A quantization is the last of a pass, whenever it was found.
    if (epilogue.remove("quantize")) {
      epilogue.removeIf("quantize"::equals);
      epilogue.add("quantize");
    }
    return epilogue;
  }

  private static Arithmetic arithmetic(DraftOperation operation) {
    if (operation.is(Draft.UNSUPPORTED)) {
      return Arithmetic.UNSUPPORTED;
    }
    boolean integer =
        operation.is("matmul")
            ? operation.input("a").isOnGrid() && operation.input("b").isOnGrid()
            : INTEGER.contains(operation.kind());
    if (MOVES.contains(operation.kind())) {
      return Arithmetic.MOVE;
    }
    if (integer) {
      return Arithmetic.INTEGER;
    }
    boolean whole =
        !operation.inputs().isEmpty()
            && operation.inputs().values().stream()
                .allMatch(value -> value.type() == ElementType.I64);
    if (whole) {
      return Arithmetic.WHOLE;
    }
    boolean codes =
        operation.out().isOnGrid()
            || operation.inputs().values().stream().anyMatch(value -> value.grid() != null);
    return codes ? Arithmetic.MIXED : Arithmetic.FLOAT;
  }

  private static String type(DraftValue value) {
    if (value.grid() == null) {
      return value.type().toString();
    }
    String scales = value.grid().isPerTensor() ? "" : ", " + value.grid().count() + " scales";
    String zero = value.grid().hasZeroPoints() ? ", asymmetric" : "";
    return value.type() + " (" + value.grid().bits() + " bits" + scales + zero + ")";
  }
}
