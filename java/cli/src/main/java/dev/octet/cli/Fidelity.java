// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.octet.quantization.kernel.Tensors;
import dev.octet.quantization.tree.ModuleCall;
import dev.octet.runtime.program.Program;
import dev.octet.runtime.session.Session;
import dev.octet.runtime.session.TensorData;
import dev.octet.runtime.type.Value;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * How close a program's outputs are to the float model's and to the simulated one's.
 *
 * @param samples the number of samples compared
 * @param signalToNoise of all outputs together against the float model's, in decibels
 * @param maxError the largest absolute difference from the float model's
 * @param maxErrorSimulated the largest absolute difference from the simulated model's
 * @param maxOutput the largest absolute output of the float model
 */
record Fidelity(
    long samples,
    @JsonProperty("signal_to_noise_db") double signalToNoise,
    @JsonProperty("max_error") double maxError,
    @JsonProperty("max_error_simulated") double maxErrorSimulated,
    @JsonProperty("max_output") double maxOutput) {

  /** Runs all three on the batches that were used for calibration. */
  static Fidelity measure(CalibratedModel model, Program program) {
    OutputDifference fromFloat = new OutputDifference();
    OutputDifference fromSimulated = new OutputDifference();
    long samples = 0;
    int batches = 0;
    try (NoGradGuard noGrad = new NoGradGuard();
        Session session = Session.open(program)) {
      for (Object[] batch : model.data()) {
        if (batches++ < model.batches()) {
          List<Tensor> inputs = fitting(batch, program.inputs());
          if (!inputs.isEmpty()) {
            Object exact = ModuleCall.forward(model.original(), inputs.toArray());
            Object simulated = ModuleCall.forward(model.converted(), inputs.toArray());
            List<Tensor> given = run(session, inputs);
            fromFloat.add(Outputs.tensors(exact), given);
            fromSimulated.add(Outputs.tensors(simulated), given);
            samples += inputs.get(0).size(0);
            Outputs.close(exact);
            Outputs.close(simulated);
            Outputs.close(given);
            Outputs.close(inputs);
          }
        }
        Outputs.close(Arrays.asList(batch));
      }
    }
    return new Fidelity(
        samples,
        fromFloat.signalToNoise(),
        fromFloat.largest(),
        fromSimulated.largest(),
        fromFloat.largestWanted());
  }

  /** Returns as many samples as the program takes at a time; none if there are not enough. */
  private static List<Tensor> fitting(Object[] batch, List<Value> inputs) {
    List<Tensor> fitting = new ArrayList<>();
    for (int i = 0; i < inputs.size(); i++) {
      Tensor samples = (Tensor) batch[i];
      var first = inputs.get(i).shape().get(0);
      long count = first.isFixed() ? first.value() : samples.size(0);
      if (count > samples.size(0)) {
        Outputs.close(fitting);
        return List.of();
      }
      fitting.add(samples.narrow(0, 0, count).contiguous());
    }
    return fitting;
  }

  private static List<Tensor> run(Session session, List<Tensor> inputs) {
    Map<String, TensorData> data = new LinkedHashMap<>();
    Map<String, long[]> shapes = new LinkedHashMap<>();
    for (int i = 0; i < inputs.size(); i++) {
      Tensor input = inputs.get(i);
      String name = session.inputs().get(i).name();
      data.put(name, TensorData.of(bytes(input), input.shape()));
      shapes.put(name, input.shape());
    }
    List<HostTensor> results =
        session.plan(shapes).outputs().stream().map(HostTensor::allocate).toList();
    Map<String, TensorData> outputs = new LinkedHashMap<>();
    results.forEach(result -> outputs.put(result.name(), result.tensorData()));
    session.run(data, outputs);
    return results.stream().map(Fidelity::tensor).toList();
  }

  private static Tensor tensor(HostTensor result) {
    double[] values = new double[result.count()];
    Arrays.setAll(values, result::get);
    Tensor tensor = Tensors.empty(ScalarType.Double, result.shape());
    if (values.length > 0) {
      new DoublePointer(tensor.data_ptr()).put(values);
    }
    return tensor;
  }

  private static ByteBuffer bytes(Tensor tensor) {
    return tensor.nbytes() == 0
        ? ByteBuffer.allocateDirect(0)
        : new BytePointer(tensor.data_ptr())
            .capacity(tensor.nbytes())
            .asByteBuffer()
            .order(ByteOrder.nativeOrder());
  }

  String text() {
    return String.format(
        Locale.ROOT,
        "outputs of %d samples: signal to noise %.1f dB against the float model's, largest"
            + " difference %.4g from it and %.4g from the simulated model's (largest output %.4g)",
        samples,
        signalToNoise,
        maxError,
        maxErrorSimulated,
        maxOutput);
  }
}
