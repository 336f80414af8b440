// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli.demo;

import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.convert.Conversion;
import dev.octet.quantization.graph.GraphBuilder;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.kernel.Tensors;
import dev.octet.quantization.lower.Lowering;
import dev.octet.quantization.lower.LoweringOptions;
import dev.octet.quantization.state.QuantizationStates;
import dev.octet.quantization.state.StateDict;
import dev.octet.runtime.program.Program;
import dev.octet.runtime.session.Session;
import dev.octet.runtime.session.TensorData;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A converted {@link DigitsNet} as a whole program, in which integers go from layer to layer. The
 * forward of a Java class can't be looked into, so the network is written down as a graph once
 * more, which takes the state of the converted one.
 */
final class DigitsProgram {
  private static final String IMAGES = "images";

  private DigitsProgram() {}

  /** Lowers a converted and calibrated network; the map is the one that it was converted by. */
  static Program of(DigitsNet converted, QuantizationMap map) {
    try (PointerScope scope = new PointerScope()) {
      GraphModule graph = (GraphModule) Conversion.convertToQuantized(graph(), map);
      graph.eval();
      StateDict.load(graph, StateDict.of(converted));
      QuantizationStates.fixRanges(graph);
      Tensor example = torch.zeros(2, 1, Digits.SIDE, Digits.SIDE);
      LoweringOptions options =
          LoweringOptions.builder().input(IMAGES, example, "batch", null, null, null).build();
      return Lowering.toProgram(graph, options).program();
    }
  }

  /** The network as a graph, its modules under the names that they have in the class. */
  private static GraphModule graph() {
    DigitsNet net = new DigitsNet();
    GraphBuilder b = GraphModule.builder(IMAGES);
    GraphValue x = b.call("norm1", net.norm1(), b.call("conv1", net.conv1(), b.input(IMAGES)));
    x = halved(b, b.relu(x));
    x = b.call("norm2", net.norm2(), b.call("conv2", net.conv2(), x));
    x = halved(b, b.relu(x));
    x = b.relu(b.call("fc1", net.fc1(), b.function("aten::flatten.using_ints", x, 1L, -1L)));
    return b.output(b.call("head", net.head(), x)).build();
  }

  private static GraphValue halved(GraphBuilder b, GraphValue x) {
    List<Long> two = List.of(2L, 2L);
    return b.function("aten::max_pool2d", x, two, two, List.of(0L, 0L), List.of(1L, 1L), false);
  }

  /** Returns the share of images that a program classifies right. */
  static double accuracy(Program program, Digits.Part data) {
    TensorData images =
        TensorData.of(Tensors.toFloats(data.images()), Tensors.shape(data.images()));
    float[] scores;
    try (Session session = Session.open(program)) {
      scores = session.run(Map.of(IMAGES, images)).values().iterator().next().floats();
    }
    int classes = scores.length / data.size();
    int right = 0;
    for (int i = 0; i < data.size(); i++) {
      int best = 0;
      for (int c = 1; c < classes; c++) {
        best = scores[i * classes + c] > scores[i * classes + best] ? c : best;
      }
      right += best == data.labels().get(i).item_long() ? 1 : 0;
    }
    return (double) right / data.size();
  }
}
