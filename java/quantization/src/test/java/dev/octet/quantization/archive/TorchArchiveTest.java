// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import static dev.octet.quantization.archive.TorchSave.floats;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TorchArchiveTest {
  @TempDir Path folder;

  private Path file() {
    return folder.resolve("state.pt");
  }

  private static int[] ints(int... values) {
    return values;
  }

  private static TorchSave oneTensor() {
    return new TorchSave()
        .storage("0", floats(1, 2, 3, 4, 5, 6))
        .beginDict()
        .text("weight")
        .tensor("FloatStorage", "0", "cuda:0", 6, 0, ints(2, 3), ints(3, 1))
        .endDict();
  }

  @Test
  void tensorsOfAllLayouts() throws IOException {
    Path file =
        new TorchSave()
            .storage("0", floats(1, 2, 3, 4, 5, 6))
            .storage("1", new byte[] {0, 0x3c, 0, (byte) 0xc0})
            .storage("2", new byte[] {1, 0, 0, 0, 0, 0, 0, 0})
            .beginDict()
            .text("weight")
            .tensor("FloatStorage", "0", "cuda:1", 6, 0, ints(2, 3), ints(3, 1))
            .text("tied")
            .tensor("FloatStorage", "0", "cuda:1", 6, 0, ints(3, 2), ints(1, 3))
            .text("part")
            .tensor("FloatStorage", "0", "cuda:1", 6, 4, ints(2), ints(1))
            .text("half")
            .tensor("HalfStorage", "1", "cpu", 2, 0, ints(2), ints(1))
            .text("steps")
            .tensor("LongStorage", "2", "cpu", 1, 0, ints(), ints())
            .text("none")
            .tensor("FloatStorage", "0", "cpu", 6, 0, ints(0, 3), ints(3, 1))
            .text("bias")
            .parameter("0", 6, ints(6), ints(1))
            .endDict()
            .write(file());
    try (PointerScope scope = new PointerScope()) {
      Map<String, Tensor> state = TorchArchive.read(file);
      assertEquals(
          List.of("weight", "tied", "part", "half", "steps", "none", "bias"),
          List.copyOf(state.keySet()));
      Tensor weight = state.get("weight");
      assertArrayEquals(new long[] {2, 3}, weight.shape());
      assertEquals(6.0, weight.get(1).get(2).item_double());
      assertEquals(4.0, state.get("tied").get(0).get(1).item_double(), "transposed");
      assertEquals(5.0, state.get("part").get(0).item_double());
      assertEquals(ScalarType.Half, state.get("half").scalar_type().intern());
      assertEquals(-2.0, state.get("half").to(ScalarType.Float).get(1).item_double());
      assertEquals(1, state.get("steps").item_long());
      assertEquals(0, state.get("none").numel());
      weight.fill_(new Scalar(9.0));
      assertEquals(9.0, state.get("tied").sum().item_double() / 6, "memory is shared");
    }
  }

  @Test
  void nestedStateDicts() throws IOException {
    Path checkpoint =
        new TorchSave()
            .storage("0", floats(1))
            .op("}(")
            .text("epoch")
            .number(3)
            .text("model")
            .beginDict()
            .text("w")
            .tensor("FloatStorage", "0", "cpu", 1, 0, ints(1), ints(1))
            .endDict()
            .text("ema")
            .beginDict()
            .text("e")
            .tensor("FloatStorage", "0", "cpu", 1, 0, ints(1), ints(1))
            .endDict()
            .op("u")
            .write(file());
    try (PointerScope scope = new PointerScope()) {
      assertEquals(List.of("e"), List.copyOf(TorchArchive.read(checkpoint, "ema").keySet()));
      ModelFileException unclear =
          assertThrows(ModelFileException.class, () -> TorchArchive.read(checkpoint));
      assertTrue(
          unclear.getMessage().contains("'model' (1 tensors), 'ema' (1 tensors)"),
          unclear.getMessage());
      ModelFileException wrong =
          assertThrows(ModelFileException.class, () -> TorchArchive.read(checkpoint, "emma"));
      assertTrue(wrong.getMessage().contains("emma"), wrong.getMessage());
    }
  }

  @Test
  void whatIsNoDataIsNamed() {
    Path file =
        new TorchSave().global("posix", "system").op("(").text("true").op("tR").write(file());
    ModelFileException error =
        assertThrows(ModelFileException.class, () -> TorchArchive.read(file));
    assertTrue(error.getMessage().contains("posix.system"), error.getMessage());
    assertTrue(error.getMessage().contains("state_dict"), error.getMessage());
  }

  @Test
  void tensorsBeyondTheirStorageAreRefused() {
    Path file =
        new TorchSave()
            .storage("0", floats(1, 2))
            .beginDict()
            .text("w")
            .tensor("FloatStorage", "0", "cpu", 2, 1, ints(2), ints(1))
            .endDict()
            .write(file());
    assertThrows(ModelFileException.class, () -> TorchArchive.read(file));
  }

  /** Every truncation and many flipped bits are errors in words or leave the data as it was. */
  @Test
  void damagedFilesAreErrors() throws IOException {
    byte[] whole = Files.readAllBytes(oneTensor().write(file()));
    Path damaged = folder.resolve("damaged.pt");
    for (int length = 0; length < whole.length; length += 7) {
      Files.write(damaged, Arrays.copyOf(whole, length));
      assertThrows(IllegalArgumentException.class, () -> TorchArchive.read(damaged));
    }
    for (int bit = 0; bit < whole.length * 8; bit += 5) {
      byte[] altered = whole.clone();
      altered[bit / 8] ^= (byte) (1 << bit % 8);
      Files.write(damaged, altered);
      try (PointerScope scope = new PointerScope()) {
        Map<String, Tensor> state = TorchArchive.read(damaged);
        assertEquals(21.0, state.get("weight").sum().item_double(), "bit " + bit);
      } catch (IllegalArgumentException e) {
        assertTrue(e.getMessage().length() > 20, e.getMessage());
      }
    }
  }
}
