// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.bindings.NativeLibrary;
import dev.octet.runtime.TestPrograms;
import dev.octet.runtime.TestPrograms.Perceptron;
import dev.octet.runtime.memory.NativeBlock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class ConcurrencyTest {
  private static final int CALLS = 1000;

  private final long blocksBefore = NativeBlock.liveBlocks();
  private final Perceptron perceptron = Perceptron.make(4);

  @AfterEach
  void nothingIsLeaked() {
    assertEquals(blocksBefore, NativeBlock.liveBlocks());
  }

  @Test
  void aThousandCallersGetTheirOwnResults() throws Exception {
    SessionOptions options =
        SessionOptions.defaults().withMaxPlans(2).withMaxConcurrentRuns(8).withThreads(2);
    ExecutorService callers = Executors.newFixedThreadPool(CALLS);
    try (Session session = Session.open(perceptron.program(), options)) {
      CountDownLatch start = new CountDownLatch(1);
      List<Future<?>> results = new ArrayList<>();
      for (int call = 0; call < CALLS; call++) {
        int seed = call;
        results.add(
            callers.submit(
                () -> {
                  int batch = 1 + seed % 5;
                  float[] x = TestPrograms.floats(new Random(seed), batch * TestPrograms.IN, 5);
                  float[] expected = perceptron.expected(x, batch);
                  start.await();
                  for (int i = 0; i < 5; i++) {
                    Map<String, TensorData> y =
                        session.run(Map.of("x", TensorData.of(x, batch, TestPrograms.IN)));
                    assertArrayEquals(expected, y.get("y").floats());
                  }
                  return null;
                }));
      }
      start.countDown();
      for (Future<?> result : results) {
        result.get(60, TimeUnit.SECONDS);
      }
    } finally {
      callers.shutdownNow();
    }
  }

  @Test
  void closingWaitsForRunsAndRefusesFurtherOnes() throws Exception {
    ExecutorService callers = Executors.newFixedThreadPool(4);
    try {
      for (int round = 0; round < 20; round++) {
        Session session = Session.open(perceptron.program());
        AtomicInteger done = new AtomicInteger();
        List<Future<Integer>> ends = new ArrayList<>();
        for (int caller = 0; caller < 4; caller++) {
          ends.add(callers.submit(() -> runUntilClosed(session, done)));
        }
        while (done.get() < 20) {
          Thread.onSpinWait();
        }
        session.close();
        assertEquals(blocksBefore, NativeBlock.liveBlocks(), "freed when close returns");
        for (Future<Integer> end : ends) {
          end.get(30, TimeUnit.SECONDS);
        }
      }
    } finally {
      callers.shutdownNow();
    }
  }

  private Integer runUntilClosed(Session session, AtomicInteger done) {
    float[] x = TestPrograms.floats(new Random(9), 64 * TestPrograms.IN, 5);
    float[] expected = perceptron.expected(x, 64);
    while (true) {
      try {
        float[] y =
            session.run(Map.of("x", TensorData.of(x, 64, TestPrograms.IN))).get("y").floats();
        assertArrayEquals(expected, y);
        done.incrementAndGet();
      } catch (IllegalStateException e) {
        assertTrue(e.getMessage().contains("closed"), e.getMessage());
        return done.get();
      }
    }
  }

  @Test
  void theThreadSettingOfTheProcessStaysAsItIs() {
    int before = NativeLibrary.threads();
    SessionOptions options = SessionOptions.defaults().withThreads(before + 3);
    try (Session session = Session.open(perceptron.program(), options)) {
      session.run(Map.of("x", TensorData.of(new float[TestPrograms.IN], 1, TestPrograms.IN)));
      assertEquals(before, NativeLibrary.threads());
    }
  }

  @Test
  void aForgottenSessionIsFreedByTheCollector() throws InterruptedException {
    openAndForget();
    for (int i = 0; i < 100 && NativeBlock.liveBlocks() != blocksBefore; i++) {
      System.gc();
      Thread.sleep(50);
    }
    assertEquals(blocksBefore, NativeBlock.liveBlocks());
  }

  private void openAndForget() {
    Session session = Session.open(perceptron.program());
    session.run(Map.of("x", TensorData.of(new float[TestPrograms.IN], 1, TestPrograms.IN)));
  }
}
