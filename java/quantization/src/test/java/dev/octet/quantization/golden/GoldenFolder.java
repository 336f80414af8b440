// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.octet.runtime.safetensors.SafetensorsFile;
import dev.octet.runtime.safetensors.TensorInfo;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The folder of golden cases: the one that the system property {@code octet.goldens} names, or the
 * copy of the public set in the test resources, unpacked once.
 */
final class GoldenFolder {
  private static final JsonMapper JSON = new JsonMapper();
  private static final List<String> RESOURCES = List.of("/goldens.zip", "/goldens-torchscript.zip");
  private static final GoldenFolder INSTANCE = new GoldenFolder(locate());

  private final Path root;
  private final Map<String, SafetensorsFile> files = new ConcurrentHashMap<>();
  private final Map<String, JsonNode> documents = new ConcurrentHashMap<>();

  private GoldenFolder(Path root) {
    this.root = root;
  }

  static GoldenFolder get() {
    return INSTANCE;
  }

  private static Path locate() {
    String property = System.getProperty("octet.goldens", "");
    if (!property.isEmpty()) {
      // Relative to where Maven was started, not to the module whose tests run.
      Path path = Path.of(System.getProperty("octet.root", "")).resolve(property);
      if (!Files.isRegularFile(path.resolve("index.json"))) {
        throw new IllegalStateException(
            "-Doctet.goldens=" + property + ": no index.json there, expected a folder of cases");
      }
      return path;
    }
    try {
      return unpack();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path unpack() throws IOException {
    Path folder = Files.createTempDirectory("octet-goldens");
    Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder)));
    for (String name : RESOURCES) {
      try (InputStream resource = GoldenFolder.class.getResourceAsStream(name);
          ZipInputStream zip = new ZipInputStream(resource)) {
        for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
          if (!entry.isDirectory()) {
            Path file = folder.resolve(entry.getName());
            Files.createDirectories(file.getParent());
            Files.copy(zip, file);
          }
        }
      }
    }
    return folder;
  }

  private static void delete(Path folder) {
    try (Stream<Path> paths = Files.walk(folder)) {
      paths.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns a file by its path in the folder. */
  Path file(String path) {
    return root.resolve(path);
  }

  /** Returns a JSON document by its path in the folder. */
  JsonNode json(String path) {
    return documents.computeIfAbsent(
        path,
        p -> {
          try {
            return JSON.readTree(root.resolve(p).toFile());
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  /** Tells whether a file of the folder has a tensor of that name. */
  boolean hasTensor(String file, String name) {
    return open(file).names().contains(name);
  }

  /** Returns a tensor of a file of the folder, owned by the caller. */
  Tensor tensor(String file, String name) {
    SafetensorsFile tensors = open(file);
    TensorInfo info = tensors.info(name);
    try (TensorOptions options = new TensorOptions(type(info));
        MemoryFormatOptional format = new MemoryFormatOptional()) {
      ByteBuffer data = tensors.data(name);
      Tensor tensor =
          torch.empty(info.shape().stream().mapToLong(Long::longValue).toArray(), options, format);
      if (info.byteLength() > 0) {
        new BytePointer(tensor.data_ptr()).capacity(info.byteLength()).asByteBuffer().put(data);
      }
      return tensor;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private SafetensorsFile open(String file) {
    return files.computeIfAbsent(
        file,
        f -> {
          try {
            return SafetensorsFile.open(root.resolve(f));
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  private static ScalarType type(TensorInfo info) {
    return switch (info.dtype()) {
      case F32 -> ScalarType.Float;
      case F64 -> ScalarType.Double;
      case I64 -> ScalarType.Long;
      case I32 -> ScalarType.Int;
      case U8 -> ScalarType.Byte;
      case I8 -> ScalarType.Char;
      case BOOL -> ScalarType.Bool;
      default -> throw new IllegalArgumentException("tensors of type " + info.dtype());
    };
  }
}
