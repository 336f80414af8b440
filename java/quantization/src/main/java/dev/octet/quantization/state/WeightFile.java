// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.state;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.octet.quantization.archive.FileKind;
import dev.octet.quantization.archive.ModelFileException;
import dev.octet.quantization.archive.TorchArchive;
import dev.octet.runtime.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Weights in a file from elsewhere, to be loaded into a model by name: safetensors, safetensors in
 * shards (the index {@code model.safetensors.index.json}, or the folder that has it), or a state
 * dict in a zip archive of {@code torch.save}. What a file is shows in its contents, not its name.
 *
 * <pre>{@code
 * WeightFile.of(path).rename(Renaming.builder().prefix("bert.", "").build()).load(model);
 * }</pre>
 *
 * <p>Immutable.
 */
public final class WeightFile {
  private static final String INDEX = "model.safetensors.index.json";
  private static final String SINGLE = "model.safetensors";
  private static final JsonMapper JSON = new JsonMapper();

  private final Path file;
  private final Renaming renaming;
  private final boolean convertTypes;
  private final String[] entry;

  private WeightFile(Path file, Renaming renaming, boolean convertTypes, String... entry) {
    this.file = file;
    this.renaming = renaming;
    this.convertTypes = convertTypes;
    this.entry = entry;
  }

  /** Names a file; it is read when it is loaded. */
  public static WeightFile of(Path file) {
    return new WeightFile(file, Renaming.NONE, false);
  }

  /** Returns these weights with their names changed. */
  public WeightFile rename(Renaming names) {
    return new WeightFile(file, names, convertTypes, entry);
  }

  /**
   * Returns these weights converted to the model's floating-point types, such as those of an f16
   * file for an f32 model. Without this, another type is an error.
   */
  public WeightFile convertTypes() {
    return new WeightFile(file, renaming, true, entry);
  }

  /** Returns the state dict at these names in the dicts of a torch.save archive. */
  public WeightFile entry(String... names) {
    return new WeightFile(file, renaming, convertTypes, names.clone());
  }

  /**
   * Reads the tensors under their new names.
   *
   * @return owned by the caller
   * @throws ModelFileException if the file is of another kind or damaged
   * @throws IllegalArgumentException if the renaming makes two names one
   * @throws IOException if the file can't be read, or is a damaged safetensors file
   */
  public Map<String, Tensor> read() throws IOException {
    Map<String, Tensor> tensors = readFile();
    Map<String, Tensor> renamed;
    try {
      renamed = renaming.apply(tensors, file.toString());
    } catch (RuntimeException e) {
      tensors.values().forEach(Tensor::close);
      throw e;
    }
    tensors.forEach(
        (name, tensor) -> {
          if (renaming.apply(name).isEmpty()) {
            tensor.close();
          }
        });
    return renamed;
  }

  /**
   * Loads the weights into a model.
   *
   * @throws StateDictException if anything is missing, unexpected, or of another shape or type: the
   *     exception names all of it, and the model is unchanged
   * @throws IOException as {@link #read()}; the model is unchanged
   */
  public void load(Module model) throws IOException {
    load(model, true);
  }

  /**
   * Loads the weights that fit a model.
   *
   * @return what did not fit
   * @throws IOException as {@link #read()}; the model is unchanged
   */
  public StateReport loadMatching(Module model) throws IOException {
    return load(model, false);
  }

  private StateReport load(Module model, boolean strict) throws IOException {
    Map<String, Tensor> tensors = read();
    try {
      if (convertTypes) {
        convert(tensors, model);
      }
      return StateDict.load(model, tensors, file.toString(), strict);
    } finally {
      tensors.values().forEach(Tensor::close);
    }
  }

  private static void convert(Map<String, Tensor> tensors, Module model) {
    Map<String, Tensor> own = StateDict.of(model);
    own.forEach(
        (name, target) -> {
          Tensor tensor = tensors.get(name);
          ScalarType type = target.scalar_type().intern();
          boolean other = tensor != null && tensor.scalar_type().intern() != type;
          if (other && tensor.is_floating_point() && target.is_floating_point()) {
            tensors.put(name, tensor.to(type));
            tensor.close();
          }
        });
    own.values().forEach(Tensor::close);
  }

  private Map<String, Tensor> readFile() throws IOException {
    Path path = file;
    FileKind kind = FileKind.of(path);
    if (kind == FileKind.DIRECTORY) {
      path = Files.exists(file.resolve(INDEX)) ? file.resolve(INDEX) : file.resolve(SINGLE);
      if (!Files.exists(path)) {
        throw new IllegalArgumentException(
            file + " is a directory without " + INDEX + " and " + SINGLE + "; name a file");
      }
      kind = FileKind.of(path);
    }
    return switch (kind) {
      case SAFETENSORS -> safetensors(path, null);
      case SAFETENSORS_INDEX -> shards(path);
      case TORCH_SAVE -> TorchArchive.read(path, entry);
      default ->
          throw new IllegalArgumentException(
              path
                  + " is "
                  + kind.words()
                  + "; expected a safetensors file, the index of one in shards, or a state dict"
                  + " that torch.save wrote"
                  + (kind == FileKind.TORCHSCRIPT ? "; import it with TorchScriptImporter" : ""));
    };
  }

  /** The tensors of a file, all or those of some names. */
  private static Map<String, Tensor> safetensors(Path path, Set<String> names) throws IOException {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    try (SafetensorsFile content = SafetensorsFile.open(path)) {
      for (String name : names == null ? content.names() : names) {
        tensors.put(name, TensorBytes.read(content.info(name), content.data(name)));
      }
      return tensors;
    } catch (IOException | RuntimeException e) {
      tensors.values().forEach(Tensor::close);
      throw e;
    }
  }

  private static Map<String, Tensor> shards(Path index) throws IOException {
    Map<String, Set<String>> byShard = new LinkedHashMap<>();
    JsonNode map = JSON.readTree(index.toFile()).path("weight_map");
    if (!map.isObject()) {
      throw new IllegalArgumentException(
          index + " has no object 'weight_map', expected tensor names with their files");
    }
    for (Map.Entry<String, JsonNode> each : map.properties()) {
      String shard = each.getValue().asText();
      if (!each.getValue().isTextual() || !isPlainName(shard)) {
        throw new IllegalArgumentException(
            index
                + ": 'weight_map' gives '"
                + each.getKey()
                + "' the file "
                + each.getValue()
                + ", expected the name of a file in the same folder");
      }
      byShard.computeIfAbsent(shard, s -> new LinkedHashSet<>()).add(each.getKey());
    }
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    try {
      for (Map.Entry<String, Set<String>> shard : byShard.entrySet()) {
        Path path = index.resolveSibling(shard.getKey());
        requireNames(index, path, shard.getValue());
        tensors.putAll(safetensors(path, shard.getValue()));
      }
      return tensors;
    } catch (IOException | RuntimeException e) {
      tensors.values().forEach(Tensor::close);
      throw e;
    }
  }

  private static boolean isPlainName(String name) {
    return !name.isEmpty() && !name.contains("/") && !name.contains("\\") && !name.equals("..");
  }

  private static void requireNames(Path index, Path shard, Set<String> names) throws IOException {
    if (!Files.isRegularFile(shard)) {
      throw new IllegalArgumentException(
          index + " names the file " + shard.getFileName() + ", which is not there: download it");
    }
    List<String> missing = new ArrayList<>(names);
    List<String> more;
    try (SafetensorsFile content = SafetensorsFile.open(shard)) {
      missing.removeAll(content.names());
      more = new ArrayList<>(content.names());
    }
    more.removeAll(names);
    if (!missing.isEmpty() || !more.isEmpty()) {
      throw new IllegalArgumentException(
          shard
              + " is not the shard that "
              + index.getFileName()
              + " describes"
              + (missing.isEmpty() ? "" : "; it lacks " + missing)
              + (more.isEmpty() ? "" : "; it also has " + more)
              + "; download all files of one version");
    }
  }
}
