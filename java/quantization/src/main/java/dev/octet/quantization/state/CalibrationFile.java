// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.state;

import dev.octet.quantization.graph.GraphInput;
import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.tree.ModuleCall;
import dev.octet.runtime.safetensors.SafetensorsException;
import dev.octet.runtime.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.TreeSet;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

/**
 * Inputs of a model in a safetensors file, for calibration.
 *
 * <p>The file has one tensor for every input, of that input's name, with the samples along
 * dimension 0; inputs that may be left out may be missing. The tensor of a model with one input may
 * have any name. Not thread-safe; to be closed.
 */
public final class CalibrationFile implements Iterable<Object[]>, AutoCloseable {

  private final List<Tensor> inputs;
  private final long samples;
  private final int batchSize;

  private CalibrationFile(List<Tensor> inputs, long samples, int batchSize) {
    this.inputs = inputs;
    this.samples = samples;
    this.batchSize = batchSize;
  }

  /**
   * Read a file.
   *
   * @param file a safetensors file
   * @param model the model that takes the inputs; a {@link GraphModule} tells their names, any
   *     other model has one
   * @param batchSize samples in a batch, at least 1; the last batch may have fewer
   * @return the inputs, in memory
   * @throws SafetensorsException if the file is truncated, altered, or no safetensors file
   * @throws IllegalArgumentException if the tensors are not those that the model takes, or have no
   *     samples, or different numbers of them
   */
  public static CalibrationFile open(Path file, Module model, int batchSize) throws IOException {
    if (batchSize < 1) {
      throw new IllegalArgumentException("batchSize is " + batchSize + ", expected at least 1");
    }
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    try (SafetensorsFile content = SafetensorsFile.open(file)) {
      for (String name : content.names()) {
        tensors.put(name, TensorBytes.read(content.info(name), content.data(name)));
      }
      List<Tensor> inputs = inOrder(file, tensors, inputs(model));
      return new CalibrationFile(inputs, samples(file, tensors), batchSize);
    } catch (IOException | RuntimeException e) {
      tensors.values().forEach(Tensor::close);
      throw e;
    }
  }

  private static List<GraphInput> inputs(Module model) {
    return model instanceof GraphModule graph && graph.methods().containsKey(GraphMethod.FORWARD)
        ? graph.methods().get(GraphMethod.FORWARD).inputs()
        : List.of(new GraphInput("input"));
  }

  private static List<Tensor> inOrder(
      Path file, Map<String, Tensor> tensors, List<GraphInput> inputs) {
    if (inputs.size() == 1 && tensors.size() == 1) {
      return List.copyOf(tensors.values());
    }
    List<Tensor> ordered = new ArrayList<>();
    TreeSet<String> unexpected = new TreeSet<>(tensors.keySet());
    List<String> missing = new ArrayList<>();
    for (GraphInput input : inputs) {
      unexpected.remove(input.name());
      ordered.add(tensors.get(input.name()));
      if (!tensors.containsKey(input.name()) && !input.optional()) {
        missing.add(input.name());
      }
    }
    if (!missing.isEmpty() || !unexpected.isEmpty()) {
      throw new IllegalArgumentException(
          file
              + " has the tensors "
              + tensors.keySet()
              + ", the model takes "
              + inputs.stream().map(GraphInput::name).toList()
              + (missing.isEmpty() ? "" : "; missing " + missing)
              + (unexpected.isEmpty() ? "" : "; unexpected " + unexpected)
              + "; name each tensor after its input");
    }
    while (ordered.get(ordered.size() - 1) == null) {
      ordered.remove(ordered.size() - 1);
    }
    if (ordered.contains(null)) {
      throw new IllegalArgumentException(
          file + " has no tensor for an input before others that are given; add it");
    }
    return List.copyOf(ordered);
  }

  private static long samples(Path file, Map<String, Tensor> tensors) {
    long samples = -1;
    for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
      Tensor tensor = entry.getValue();
      long here = tensor.dim() == 0 ? 0 : tensor.size(0);
      if (here == 0 || tensor.numel() == 0 || samples >= 0 && here != samples) {
        throw new IllegalArgumentException(
            file
                + ": tensor '"
                + entry.getKey()
                + "' has shape "
                + Arrays.toString(tensor.shape())
                + ", expected "
                + (samples < 0 ? "at least one" : String.valueOf(samples))
                + " samples along dimension 0");
      }
      samples = here;
    }
    return samples;
  }

  /**
   * Calibrates a model with the batches of this file.
   *
   * @param model the converted model
   * @return the number of batches used, {@link Calibration#DEFAULT_MAX_NUM_BATCHES} at most
   */
  public int calibrate(Module model) {
    return calibrate(model, Calibration.DEFAULT_MAX_NUM_BATCHES, CalibrationProgress.NONE);
  }

  /**
   * Calibrates a model with the batches of this file.
   *
   * @param model the converted model
   * @param maxNumBatches at most so many are used; at least 1
   * @param progress is told of every batch
   * @return the number of batches used
   */
  public int calibrate(Module model, int maxNumBatches, CalibrationProgress progress) {
    return Calibration.calibrateQuantizationRanges(
        model, this, batch -> run(model, batch), maxNumBatches, progress);
  }

  private static void run(Module model, Object[] batch) {
    Object output = ModuleCall.forward(model, batch);
    if (ModuleCall.returnsFresh(model)) {
      close(output, batch);
    }
    for (Object tensor : batch) {
      ((Tensor) tensor).close();
    }
  }

  private static void close(Object output, Object[] batch) {
    if (output instanceof Tensor tensor && !Arrays.asList(batch).contains(tensor)) {
      tensor.close();
    } else if (output instanceof Iterable<?> items) {
      items.forEach(item -> close(item, batch));
    } else if (output instanceof Map<?, ?> map) {
      close(map.values(), batch);
    }
  }

  /** Returns the number of samples. */
  public long samples() {
    return samples;
  }

  /** Returns the number of batches. */
  public int batches() {
    return Math.toIntExact((samples + batchSize - 1) / batchSize);
  }

  /**
   * Returns the batches: arguments of the model's forward, whose tensors the caller closes.
   *
   * @return an iterator that begins with the first batch
   */
  @Override
  public Iterator<Object[]> iterator() {
    return new Iterator<>() {
      private long next;

      @Override
      public boolean hasNext() {
        return next < samples;
      }

      @Override
      public Object[] next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        long size = Math.min(batchSize, samples - next);
        Object[] batch = inputs.stream().map(tensor -> tensor.narrow(0, next, size)).toArray();
        next += size;
        return batch;
      }
    };
  }

  @Override
  public void close() {
    inputs.forEach(Tensor::close);
  }
}
