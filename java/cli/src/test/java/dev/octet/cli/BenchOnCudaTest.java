// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.octet.bindings.NativeLibrary;
import dev.octet.runtime.NeedsCudaPresets;
import dev.octet.runtime.OnCuda;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchOnCudaTest {
  private static CommandResult bench(String... more) {
    String[] start = {"bench", "--suite", "cuda", "--rounds", "1", "--slice", "1"};
    String[] all = new String[start.length + more.length];
    System.arraycopy(start, 0, all, 0, start.length);
    System.arraycopy(more, 0, all, start.length, more.length);
    return CommandResult.run(all);
  }

  @Test
  void withoutADeviceItSaysWhatIsMissing() {
    assumeFalse(OnCuda.isThere(), "there is a device");
    CommandResult result = bench();
    assertEquals(1, result.code());
    assertTrue(
        result.err().contains("cuda:0 can't be used: " + NativeLibrary.whyNoCuda()), result.err());
    assertEquals("", result.out());
  }

  @Test
  @NeedsCudaPresets
  void everyRowIsPrinted(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("rows.json");
    CommandResult result = bench("--json", file.toString());
    assertEquals(0, result.code(), result.err());
    String device = NativeLibrary.cudaDevices().get(0);
    assertTrue(result.out().startsWith(device), result.out());
    boolean emulated = result.out().startsWith(device + ": emulated, no times\n");
    JsonNode rows = new JsonMapper().readTree(file.toFile());
    assertTrue(rows.size() > 12, rows.toString());
    for (JsonNode row : rows) {
      assertTrue(result.out().contains(row.get("name").asText()), result.out());
      assertTrue(row.get("machine").get("accelerator").asText().startsWith(device), row.toString());
      assertEquals(emulated, row.get("ours").isNull(), row.toString());
    }
  }
}
