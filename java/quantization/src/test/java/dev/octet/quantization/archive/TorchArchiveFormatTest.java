// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.archive.PythonPickle.Call;
import dev.octet.quantization.archive.PythonPickle.Global;
import dev.octet.quantization.archive.PythonPickle.Instance;
import dev.octet.quantization.archive.PythonPickle.Ordered;
import dev.octet.quantization.archive.PythonPickle.StorageOf;
import dev.octet.quantization.archive.PythonPickle.TupleOf;
import dev.octet.quantization.kernel.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.ByteVector;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TorchArchiveFormatTest {
  @TempDir Path folder;

  private Path file() {
    return folder.resolve("model.pt");
  }

  private static Map<String, Object> dict(Object... keysAndValues) {
    Map<String, Object> dict = new LinkedHashMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      dict.put((String) keysAndValues[i], keysAndValues[i + 1]);
    }
    return dict;
  }

  private static Call vector(StorageOf storage) {
    return PythonPickle.tensor(storage, 0, new long[] {storage.numel()}, new long[] {1});
  }

  private String refusal(String... keys) {
    String message =
        assertThrows(ModelFileException.class, () -> TorchArchive.read(file(), keys)).getMessage();
    assertTrue(message.startsWith(file().toString()), message);
    return message;
  }

  private String refusal(SavedArchive save, Object value) throws IOException {
    save.write(file(), value);
    return refusal();
  }

  @Test
  void readsAStateDictInItsOrder() throws IOException {
    SavedArchive save = new SavedArchive();
    StorageOf weights = save.floats(1, 2, 3, 4, 5, 6);
    StorageOf bias = save.floats(-1, 0.5f);
    Map<String, Object> metadata = dict("", dict("version", 1), "fc", dict("version", 1));
    Ordered state =
        new Ordered(
            dict(
                "fc.weight", PythonPickle.tensor(weights, 0, new long[] {2, 3}, new long[] {3, 1}),
                "fc.bias", vector(bias),
                "a", PythonPickle.tensor(bias, 1, new long[] {}, new long[] {})),
            dict("_metadata", new Ordered(metadata, null)));
    Map<String, Tensor> tensors = TorchArchive.read(save.write(file(), state));
    assertEquals(List.of("fc.weight", "fc.bias", "a"), List.copyOf(tensors.keySet()));
    assertArrayEquals(new long[] {2, 3}, tensors.get("fc.weight").shape());
    assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, Tensors.toFloats(tensors.get("fc.weight")));
    assertArrayEquals(new float[] {-1, 0.5f}, Tensors.toFloats(tensors.get("fc.bias")));
    assertEquals(0, tensors.get("a").dim());
    assertEquals(0.5f, tensors.get("a").item_float());
    tensors.values().forEach(Tensor::close);
  }

  @Test
  void readsWhatLibtorchWrites() throws IOException {
    try (PointerScope scope = new PointerScope()) {
      torch.manual_seed(1);
      Tensor weight = torch.randn(5, 7);
      IValue value = new IValue(weight.t());
      ByteVector bytes = torch.pickle_save(value);
      byte[] copy = new byte[(int) bytes.size()];
      for (int i = 0; i < copy.length; i++) {
        copy[i] = bytes.get(i);
      }
      Files.write(file(), copy);
      // A tensor alone is no dict; but it was read.
      assertTrue(refusal().contains("a tensor of torch.float32 and shape [7, 5]"), refusal());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "DoubleStorage, 8, Double",
    "HalfStorage, 2, Half",
    "BFloat16Storage, 2, BFloat16",
    "LongStorage, 8, Long",
    "IntStorage, 4, Int",
    "ShortStorage, 2, Short",
    "CharStorage, 1, Char",
    "ByteStorage, 1, Byte",
    "BoolStorage, 1, Bool",
    "ComplexFloatStorage, 8, ComplexFloat",
    "ComplexDoubleStorage, 16, ComplexDouble"
  })
  void readsEveryPlainType(String name, int itemSize, ScalarType type) throws IOException {
    byte[] bytes = new byte[3 * itemSize];
    new Random(itemSize).nextBytes(bytes);
    for (int i = 0; type == ScalarType.Bool && i < bytes.length; i++) {
      bytes[i] &= 1;
    }
    SavedArchive save = new SavedArchive();
    StorageOf storage = save.storage(name, itemSize, bytes, "cpu");
    Map<String, Tensor> tensors = TorchArchive.read(save.write(file(), dict("x", vector(storage))));
    Tensor x = tensors.get("x");
    assertEquals(type, x.scalar_type().intern());
    byte[] read = new byte[bytes.length];
    new BytePointer(x.data_ptr()).get(read);
    assertArrayEquals(bytes, read);
  }

  @Test
  void readsTypesThatHaveNoStorageClass() throws IOException {
    SavedArchive save = new SavedArchive();
    StorageOf bytes = save.storage("UntypedStorage", 1, new byte[] {1, 0, 2, 0, 3, 0}, "cpu");
    Call tensor =
        new Call(
            new Global("torch._utils", "_rebuild_tensor_v3"),
            List.of(
                bytes,
                1L,
                TupleOf.longs(2),
                TupleOf.longs(1),
                false,
                new Ordered(Map.of(), null),
                new Global("torch", "uint16"),
                Map.of()));
    Tensor x = TorchArchive.read(save.write(file(), dict("x", tensor))).get("x");
    assertEquals(ScalarType.UInt16, x.scalar_type().intern());
    assertEquals(2, new BytePointer(x.data_ptr()).get(0));
    assertEquals(3, new BytePointer(x.data_ptr()).get(2));
  }

  @Test
  void tiedWeightsAndViewsShareTheirMemory() throws IOException {
    SavedArchive save = new SavedArchive();
    StorageOf shared = save.floats(0, 1, 2, 3, 4, 5);
    Map<String, Tensor> tensors =
        TorchArchive.read(
            save.write(
                file(),
                dict(
                    "embedding",
                        PythonPickle.tensor(shared, 0, new long[] {3, 2}, new long[] {2, 1}),
                    "head", PythonPickle.tensor(shared, 0, new long[] {3, 2}, new long[] {2, 1}),
                    "transposed",
                        PythonPickle.tensor(shared, 0, new long[] {2, 3}, new long[] {1, 2}),
                    "column", PythonPickle.tensor(shared, 1, new long[] {3}, new long[] {2}),
                    "repeated", PythonPickle.tensor(shared, 5, new long[] {4}, new long[] {0}),
                    "none", PythonPickle.tensor(shared, 6, new long[] {0, 7}, new long[] {7, 1}))));
    assertEquals(tensors.get("embedding").data_ptr(), tensors.get("head").data_ptr());
    assertArrayEquals(new float[] {0, 2, 4, 1, 3, 5}, Tensors.toFloats(tensors.get("transposed")));
    assertArrayEquals(new float[] {1, 3, 5}, Tensors.toFloats(tensors.get("column")));
    assertArrayEquals(new float[] {5, 5, 5, 5}, Tensors.toFloats(tensors.get("repeated")));
    assertArrayEquals(new long[] {0, 7}, tensors.get("none").shape());
    tensors.get("embedding").fill_(new Scalar(9f));
    assertArrayEquals(new float[] {9, 9, 9}, Tensors.toFloats(tensors.get("column")));
  }

  @Test
  void readsParametersAndWhatWasSavedOnOtherDevices() throws IOException {
    SavedArchive save = new SavedArchive();
    StorageOf gpu = save.storage("HalfStorage", 2, new byte[] {0, 0x3c, 0, (byte) 0xc0}, "cuda:1");
    StorageOf empty = save.storage("FloatStorage", 4, new byte[0], "mps");
    Map<String, Tensor> tensors =
        TorchArchive.read(
            save.write(
                file(), dict("w", PythonPickle.parameter(vector(gpu)), "none", vector(empty))));
    assertArrayEquals(new float[] {1, -2}, Tensors.toFloats(tensors.get("w")));
    assertEquals(0, tensors.get("none").numel());
    assertTrue(tensors.get("w").device().is_cpu());
  }

  @Test
  void choosesTheDictInACheckpoint() throws IOException {
    SavedArchive save = new SavedArchive();
    StorageOf storage = save.floats(1, 2);
    Object state = new Ordered(dict("fc.bias", vector(storage)), null);
    save.write(
        file(),
        dict(
            "epoch",
            3,
            "lr",
            1e-3,
            "big",
            1L << 40,
            "name",
            "näme",
            "flags",
            TupleOf.of(true, List.of(1, 2), "x"),
            "state_dict",
            state,
            "ema",
            dict("model", dict("a", vector(storage), "b", vector(storage))),
            "optimizer",
            dict("state", Map.of(0, dict("step", 7)), "param_groups", List.of())));
    assertEquals(List.of("fc.bias"), List.copyOf(TorchArchive.read(file(), "state_dict").keySet()));
    assertEquals(2, TorchArchive.read(file(), "ema", "model").size());
    String whole = refusal();
    assertTrue(whole.contains("'epoch' is the int 3"), whole);
    assertTrue(whole.contains("'state_dict' (1 tensors), 'ema', 'model' (2 tensors)"), whole);
    String wrong = refusal("ema", "state");
    assertTrue(wrong.contains("the value at 'ema' is a dict of 1 without 'state'"), wrong);
    assertTrue(wrong.contains("'state_dict' (1 tensors)"), wrong);
    assertTrue(refusal("epoch").contains("'epoch' is the int 3, expected a dict of tensors"));
  }

  @Test
  void longDictsAreReadWhole() throws IOException {
    SavedArchive save = new SavedArchive();
    StorageOf storage = save.floats(1);
    Map<String, Object> state = new LinkedHashMap<>();
    for (int i = 0; i < 2500; i++) {
      state.put("layers." + i + ".weight", vector(storage));
    }
    Map<String, Tensor> tensors = TorchArchive.read(save.write(file(), state));
    assertEquals(List.copyOf(state.keySet()), List.copyOf(tensors.keySet()));
  }

  @Test
  void objectsOfClassesAreRefusedByName() throws IOException {
    Instance model = new Instance(new Global("__main__", "Net"), dict("training", true));
    String message = refusal(new SavedArchive(), model);
    assertTrue(message.contains("an object of class __main__.Net"), message);
    assertTrue(message.contains("save model.state_dict()"), message);
    Call system = new Call(new Global("posix", "system"), List.of("touch harm"));
    assertTrue(refusal(new SavedArchive(), dict("x", system)).contains("posix.system"));
    Call sparse = new Call(new Global("torch._utils", "_rebuild_sparse_tensor"), List.of(1));
    assertTrue(
        refusal(new SavedArchive(), dict("x", sparse)).contains("save plain, dense tensors"));
    SavedArchive save = new SavedArchive();
    StorageOf quantized = save.storage("QInt8Storage", 1, new byte[4], "cpu");
    assertTrue(refusal(save, dict("x", vector(quantized))).contains("quantized tensors"));
    StorageOf meta = new StorageOf("FloatStorage", "0", "meta", 1);
    assertTrue(refusal(new SavedArchive(), dict("x", vector(meta))).contains("the device 'meta'"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0|4|1|reaches beyond the 3 elements",
        "1|3|1|reaches beyond the 3 elements",
        "-1|2|1|a negative size",
        "0|-2|1|a negative size",
        "0|2|-1|a negative size",
        "0|2|9223372036854775807|more elements than can be counted",
        "0|9223372036854775807|0|more elements than can be counted",
        "0|4000000000000|0|makes 16000000000000 bytes of a storage of 12",
      })
  void tensorsOutsideOfTheirStorageAreRefused(long offset, long size, long stride, String words)
      throws IOException {
    SavedArchive save = new SavedArchive();
    StorageOf storage = save.floats(1, 2, 3);
    String message =
        refusal(
            save,
            dict(
                "x", PythonPickle.tensor(storage, offset, new long[] {size}, new long[] {stride})));
    assertTrue(message.contains("entry 'archive/data.pkl' at byte "), message);
    assertTrue(message.contains(words), message);
  }

  @Test
  void storagesThatDoNotFitTheirRecordsAreRefused() throws IOException {
    SavedArchive save = new SavedArchive();
    save.floats(1, 2);
    assertTrue(
        refusal(save, dict("x", vector(new StorageOf("FloatStorage", "0", "cpu", 3))))
            .contains("the storage '0' has 3 elements of 4 bytes, but the entry"));
    assertTrue(
        refusal(save, dict("x", vector(new StorageOf("FloatStorage", "7", "cpu", 2))))
            .contains("the entry 'archive/data/7' with 8 bytes of tensors is missing"));
    assertTrue(
        refusal(save, dict("x", vector(new StorageOf("FloatStorage", "0", "cpu", Long.MAX_VALUE))))
            .contains("elements"));
    TorchZip big = save.zip(dict("x", vector(new StorageOf("FloatStorage", "0", "cpu", 2))));
    big.set("byteorder", "big").write(file());
    assertTrue(refusal().contains("not little-endian"));
  }

  @Test
  void otherKindsAreNamed() throws IOException {
    Files.writeString(file(), "<!DOCTYPE html><html>404</html>");
    assertTrue(refusal().contains("an HTML page"), refusal());
    new TorchZip()
        .add("m/data.pkl", new byte[] {1})
        .add("m/constants.pkl", new byte[] {1})
        .write(file());
    assertTrue(refusal().contains("a TorchScript archive (torch.jit.save), expected a torch.save"));
  }

  @Test
  void everyTruncationAndEveryFlippedByteIsAnErrorOrReadsThere() throws IOException {
    SavedArchive save = new SavedArchive();
    StorageOf storage = save.floats(1, 2, 3);
    byte[] whole = save.zip(dict("x", vector(storage), "e", dict("n", 1))).bytes();
    for (int length = 0; length < whole.length; length += 3) {
      Files.write(file(), Arrays.copyOf(whole, length));
      refusal();
    }
    byte[] plain = save.zip(dict("x", vector(storage))).bytes();
    int refused = 0;
    for (int at = 0; at < plain.length; at += 2) {
      byte[] altered = plain.clone();
      altered[at] ^= (byte) (1 << at % 8);
      Files.write(file(), altered);
      try {
        Map<String, Tensor> tensors = TorchArchive.read(file());
        assertArrayEquals(new float[] {1, 2, 3}, Tensors.toFloats(tensors.get("x")));
      } catch (ModelFileException e) {
        refused++;
      }
    }
    // What is left are bytes that say nothing, such as padding and dates.
    assertTrue(refused > plain.length / 4, refused + " of " + plain.length);
  }

  @Test
  void changedPicklesAreErrorsOrReadThere() throws IOException {
    SavedArchive save = new SavedArchive();
    StorageOf storage = save.floats(1, 2, 3);
    TorchZip zip =
        save.zip(
            new Ordered(
                dict("a.x", vector(storage), "b", PythonPickle.parameter(vector(storage))),
                dict("_metadata", dict("v", 1))));
    Random random = new Random(4);
    int read = 0;
    for (int i = 0; i < 1000; i++) {
      byte[] pickle = PickleMutator.mutate(zip.get("data.pkl"), random);
      zip.copy().set("data.pkl", pickle).write(file());
      try (PointerScope scope = new PointerScope()) {
        TorchArchive.read(file()).values().forEach(Tensors::toFloats);
        read++;
      } catch (ModelFileException e) {
        assertNotEquals("", e.getMessage());
      }
    }
    assertTrue(read > 5, "only " + read + " changed files could be read");
  }

  @Test
  void writtenArchivesAreThoseOfTorch() throws IOException {
    try (PointerScope scope = new PointerScope()) {
      ByteVector bytes = torch.pickle_save(new IValue(torch.ones(3)));
      byte[] theirs = new byte[(int) bytes.size()];
      for (int i = 0; i < theirs.length; i++) {
        theirs[i] = bytes.get(i);
      }
      Files.write(file(), theirs);
      assertArrayEquals(theirs, TorchZip.read(file()).bytes());
    }
  }
}
