// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.golden.GoldenScripts;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** No changed archive that passes the guard crashes or hangs libtorch. */
class ArchiveFuzzTest {
  private static final long SEED = 20_260;
  private static final int ROUNDS = 150;

  @TempDir Path folder;

  @Test
  void whatPassesTheGuardIsLoadedOrRefused() throws IOException, InterruptedException {
    ArchiveFuzz fuzz = new ArchiveFuzz(folder);
    fuzz.run(
        List.of(
            GoldenScripts.named("control-flow.script.pt"),
            GoldenScripts.named("lstm.script.pt"),
            GoldenScripts.named("lstm.trace.pt"),
            GoldenScripts.named("bert-encoder.trace.pt")),
        SEED,
        ROUNDS);
    assertEquals(List.of(), fuzz.failures());
    assertTrue(fuzz.outcomes().getOrDefault("loaded", 0) > 20, fuzz.outcomes().toString());
    assertTrue(fuzz.outcomes().getOrDefault("guarded", 0) > 200, fuzz.outcomes().toString());
  }
}
