// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.octet.quantization.tree.ModelCopier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.ReLUImpl;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class GraphMemoryTest {

  private static final Path STATUS = Path.of("/proc/self/status");
  private static final long MEGABYTE = 1024;

  /** Small matrices are slower on several threads where other processes use the cores, too. */
  @BeforeAll
  static void useOneThread() {
    torch.set_num_threads(1);
  }

  private static long residentKilobytes() throws IOException {
    return Files.readAllLines(STATUS).stream()
        .filter(line -> line.startsWith("VmRSS"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }

  private static GraphModule model() {
    GraphBuilder b = GraphModule.builder("x");
    GraphValue x = b.input("x");
    GraphValue h = b.relu(b.call("fc", new LinearImpl(64, 64), x));
    h = b.function("aten::softmax.int", b.add(h, x), 1);
    h = b.call("inner", GraphModule.sequential(new LinearImpl(64, 64), new ReLUImpl()), h);
    return b.output(b.cat(1, h, x)).build();
  }

  /** 256 kB a tensor: a single leaked intermediate per run would be 250 MB. */
  @Test
  void runningLeaksNothing() throws IOException {
    assumeTrue(Files.exists(STATUS));
    GraphModule graph = model();
    Tensor x = torch.randn(1024, 64);
    run(graph, x, 200);
    long before = residentKilobytes();
    long count = Pointer.totalCount();
    run(graph, x, 1000);
    long grown = residentKilobytes() - before;
    assertTrue(grown < 40 * MEGABYTE, "resident memory grew by " + grown + " kB");
    // No garbage collection has run for certain, so what is counted here was not closed.
    long left = Pointer.totalCount() - count;
    assertTrue(left < 1000, left + " native objects were left to the garbage collector");
  }

  private static void run(GraphModule graph, Tensor x, int times) {
    for (int i = 0; i < times; i++) {
      graph.forward(x).close();
    }
  }

  @Test
  void buildingAndCopyingLeaksNothing() throws IOException, InterruptedException {
    assumeTrue(Files.exists(STATUS));
    GraphModule prototype = model();
    Tensor x = torch.randn(4, 64);
    copies(prototype, x, 300);
    long before = residentKilobytes();
    copies(prototype, x, 1000);
    long grown = residentKilobytes() - before;
    assertTrue(grown < 60 * MEGABYTE, "resident memory grew by " + grown + " kB");
  }

  private static void copies(GraphModule prototype, Tensor x, int times)
      throws InterruptedException {
    for (int i = 0; i < times; i++) {
      ModelCopier.copy(prototype).forward(x).close();
      model().forward(x).close();
      if (i % 100 == 0) {
        System.gc();
        Thread.sleep(10);
      }
    }
  }
}
