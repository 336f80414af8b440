// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.quantization.graph.GraphInput;
import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.lower.LoweringReport.Arithmetic;
import dev.octet.quantization.lower.LoweringReport.Row;
import dev.octet.quantization.manager.QuantizationManager;
import dev.octet.quantization.manager.RangeState;
import dev.octet.quantization.module.QuantizedModule;
import dev.octet.quantization.transform.DeadNodes;
import dev.octet.quantization.transform.GraphInlining;
import dev.octet.quantization.transform.PatternCleanup;
import dev.octet.quantization.tree.ModelCopier;
import dev.octet.quantization.tree.ModuleNode;
import dev.octet.quantization.tree.ModuleTree;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * Makes programs of converted, calibrated graphs.
 *
 * <p>The program computes what the simulated model does: values that a quantizer has put on a grid
 * of up to 8 bits are kept as integers with that grid, and what the simulated model computes in
 * floats is computed in floats. Outputs are floats. They differ from the simulated model's by a
 * step of the output's grid at most, and only where a sum of floats lies on a rounding edge.
 *
 * <p>Shapes are found by running the model on the examples and on inputs of other sizes made of
 * them. The model itself is not changed.
 */
public final class Lowering {
  private Lowering() {}

  /**
   * Lowers a model. The report is part of the program's metadata, too, under {@link
   * LoweringReport#METADATA_KEY}.
   *
   * @param converted a graph in eval mode whose ranges are fixed
   * @param options the inputs
   * @throws LoweringException if that can't be done; the message lists everything that the runtime
   *     has no operation for, with where it comes from
   * @throws IllegalArgumentException if the options don't fit the model
   */
  public static LoweredModel toProgram(GraphModule converted, LoweringOptions options) {
    Draft draft = draft(converted, options);
    LoweringReport report = Reporter.report(draft);
    if (!report.isComplete()) {
      throw new LoweringException(incomplete(report));
    }
    Map<String, String> metadata = new LinkedHashMap<>(options.metadata());
    metadata.put(LoweringReport.METADATA_KEY, LoweringReportJson.write(report, false));
    return new LoweredModel(Emitter.emit(draft, metadata), report);
  }

  /**
   * Says what {@link #toProgram} would make of a model, even if it can't be lowered as it is: rows
   * of {@link Arithmetic#UNSUPPORTED} are what stands in the way.
   *
   * @throws LoweringException if the model can't be run on the examples, or branches on data
   */
  public static LoweringReport explain(GraphModule converted, LoweringOptions options) {
    return Reporter.report(draft(converted, options));
  }

  private static String incomplete(LoweringReport report) {
    List<Row> rows = report.rows(Arithmetic.UNSUPPORTED);
    return "the model has "
        + rows.size()
        + (rows.size() == 1 ? " node" : " nodes")
        + " for which the runtime has no operation; Lowering.explain gives the whole report:"
        + rows.stream().map(Lowering::describe).collect(Collectors.joining());
  }

  private static String describe(Row row) {
    return "\n  '"
        + row.path()
        + "' ("
        + row.what()
        + (row.source() == null ? "" : ", " + row.source())
        + "): "
        + String.join("; ", row.reasons())
        + row.advice().stream().map(advice -> "\n    -> " + advice).collect(Collectors.joining());
  }

  private static Draft draft(GraphModule converted, LoweringOptions options) {
    checkInputs(converted, options);
    checkStates(converted);
    Draft draft = new Draft(options.integerAttention(), options.dynamicActivations());
    try (PointerScope scope = new PointerScope()) {
      GraphModule graph = ModelCopier.copy(converted);
      GraphInlining.inline(graph);
      PatternCleanup.apply(graph);
      ExampleInputs inputs = new ExampleInputs(options);
      GraphMethod forward = graph.methods().get(GraphMethod.FORWARD);
      graph.replaceMethod(
          GraphMethod.FORWARD, new StraightLine(graph, inputs, draft::note).of(forward));
      DeadNodes.remove(graph);
      GraphMethod method = Functionalization.apply(graph.methods().get(GraphMethod.FORWARD));
      try (Trace trace = Trace.record(graph, method, inputs)) {
        SizeConstants constants = new SizeConstants(graph, method, inputs, options);
        SizeValues sizes = new SizeValues(inputs, options);
        new Translator(graph, method, trace, draft, constants, sizes).translate(method, options);
        Fusion.apply(draft);
        ImageLayouts.apply(draft);
      }
    }
    return draft;
  }

  private static void checkInputs(GraphModule graph, LoweringOptions options) {
    List<GraphInput> inputs = graph.methods().get(GraphMethod.FORWARD).inputs();
    List<String> names = inputs.stream().map(GraphInput::name).toList();
    for (String name : options.inputs().keySet()) {
      if (!names.contains(name)) {
        throw new IllegalArgumentException(
            "options name an input '" + name + "'; the model's forward takes " + names);
      }
    }
    for (GraphInput input : inputs) {
      if (!options.inputs().containsKey(input.name()) && !input.optional()) {
        throw new IllegalArgumentException(
            "options have no example of input '"
                + input.name()
                + "'; give one: LoweringOptions.builder().input(\""
                + input.name()
                + "\", tensor, ...)");
      }
    }
    for (LoweringOptions.Input input : options.inputs().values()) {
      Tensor example = input.example();
      if (!example.is_cpu()) {
        throw new IllegalArgumentException(
            "the example of input '" + input.name() + "' is not on the CPU; copy it there: cpu()");
      }
    }
  }

  private static void checkStates(GraphModule converted) {
    for (ModuleNode node : ModuleTree.of(converted).nodes()) {
      if (node.module().is_training()) {
        throw new LoweringException(
            "module '"
                + node.path()
                + "' is in train mode; calibrate the model and call eval() before it is lowered");
      }
      if (node.module() instanceof QuantizedModule module) {
        checkState(node.path(), module.quantizesWeights(), module.weightQuantizer());
        checkState(node.path(), module.quantizesActivations(), module.activationQuantizer());
      }
    }
  }

  private static void checkState(
      String path, boolean used, Optional<QuantizationManager> quantizer) {
    if (used && quantizer.isPresent() && quantizer.get().state() == RangeState.ESTIMATE_RANGES) {
      throw new LoweringException(
          "a quantizer of '"
              + path
              + "' is estimating its range with every batch; fix it before lowering:"
              + " QuantizationStates.fixRanges(model)");
    }
  }
}
