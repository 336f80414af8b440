// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.cuda.presets;

import static dev.octet.runtime.cuda.presets.PresetStreamTest.assertWords;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.runtime.NeedsCudaPresets;
import dev.octet.runtime.OnCuda;
import dev.octet.runtime.TestPrograms;
import dev.octet.runtime.TestPrograms.Perceptron;
import dev.octet.runtime.session.DeviceTensor;
import dev.octet.runtime.session.EnqueuedRun;
import dev.octet.runtime.session.IoBinding;
import dev.octet.runtime.session.Session;
import dev.octet.runtime.type.Device;
import dev.octet.runtime.type.ElementType;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.global.cudart;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@NeedsCudaPresets
class PresetEventTest {
  private static final Device DEVICE = Device.cuda(0);

  @AfterEach
  void nothingIsLeaked() {
    assertEquals(0, PresetStream.live());
    assertEquals(0, PresetEvent.live());
  }

  @Test
  void runsAreTimed() {
    Perceptron perceptron = Perceptron.make(1);
    try (PresetStream stream = PresetStream.create(DEVICE);
        PresetEvent begin = PresetEvent.create(DEVICE);
        PresetEvent end = PresetEvent.create(DEVICE);
        Session session = Session.open(perceptron.program(), OnCuda.options());
        DeviceTensor x = DeviceTensor.allocate(DEVICE, ElementType.F32, 2, TestPrograms.IN);
        DeviceTensor y = DeviceTensor.allocate(DEVICE, ElementType.F32, 2, TestPrograms.OUT)) {
      assertEquals(2, PresetEvent.live());
      IoBinding io = stream.attach(session.bind()).input("x", x.data()).output("y", y.data());
      for (int i = 0; i < 3; i++) {
        long started = System.nanoTime();
        begin.record(stream);
        EnqueuedRun run = io.runAsync();
        end.record(stream);
        end.synchronize();
        double elapsed = (System.nanoTime() - started) / 1e3;
        double microseconds = end.microsecondsSince(begin);
        // No less than nothing, and within what the caller saw, but for the steps of the clock.
        assertTrue(microseconds > 0 && microseconds < elapsed + 10, microseconds + " " + elapsed);
        assertTrue(end.isReached());
        assertTrue(run.isDone());
      }
    }
  }

  @Test
  void eventsOfTheCallerAreLeftToThem() {
    CUevent_st own = new CUevent_st();
    assertEquals(cudart.cudaSuccess, cudart.cudaEventCreate(own));
    try (PresetStream stream = PresetStream.create(DEVICE);
        PresetEvent event = PresetEvent.of(DEVICE, own);
        PresetEvent before = PresetEvent.create(DEVICE)) {
      assertSame(own, event.get());
      assertEquals(DEVICE, event.device());
      before.record(stream);
      event.record(stream);
      event.synchronize();
      assertTrue(event.microsecondsSince(before) >= 0);
      stream.waitFor(event);
    }
    assertEquals(cudart.cudaSuccess, cudart.cudaEventQuery(own));
    assertEquals(cudart.cudaSuccess, cudart.cudaEventDestroy(own));
  }

  @Test
  void timesThatThereAreNotAreErrors() {
    try (PresetStream stream = PresetStream.create(DEVICE);
        PresetEvent never = PresetEvent.create(DEVICE);
        PresetEvent untimed = PresetEvent.createUntimed(DEVICE);
        PresetEvent timed = PresetEvent.create(DEVICE)) {
      assertTrue(never.isReached());
      never.synchronize();
      timed.record(stream);
      untimed.record(stream);
      stream.synchronize();
      for (PresetEvent other : new PresetEvent[] {never, untimed}) {
        CudaRuntimeException failure =
            assertThrows(CudaRuntimeException.class, () -> timed.microsecondsSince(other));
        assertEquals(cudart.cudaErrorInvalidResourceHandle, failure.code());
        assertTrue(
            failure
                .getMessage()
                .startsWith("cudaEventElapsedTime failed: cudaErrorInvalidResourceHandle ("),
            failure.getMessage());
        assertEquals(cudart.cudaSuccess, cudart.cudaGetLastError());
      }
    }
  }

  @Test
  void mistakesAreNamed() {
    PresetEvent event = PresetEvent.create(DEVICE);
    event.close();
    event.close();
    try (PresetStream stream = PresetStream.create(DEVICE);
        PresetEvent open = PresetEvent.create(DEVICE)) {
      String words = "the event of cuda:0 is closed";
      assertWords(IllegalStateException.class, event::get, words);
      assertWords(IllegalStateException.class, event::isReached, words);
      assertWords(IllegalStateException.class, event::synchronize, words);
      assertWords(IllegalStateException.class, () -> event.record(stream), words);
      assertWords(IllegalStateException.class, () -> stream.waitFor(event), words);
      assertWords(IllegalStateException.class, () -> event.microsecondsSince(open), words);
      assertWords(IllegalStateException.class, () -> open.microsecondsSince(event), words);
    }
    assertWords(
        IllegalArgumentException.class,
        () -> PresetEvent.of(DEVICE, new CUevent_st()),
        "event is a null pointer; expected what cudaEventCreate has made");
    assertWords(
        IllegalArgumentException.class,
        () -> PresetEvent.create(Device.cpu()),
        "device is cpu; expected a CUDA device");
  }
}
