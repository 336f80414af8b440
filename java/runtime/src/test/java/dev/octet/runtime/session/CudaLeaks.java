// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.octet.runtime.cuda.CudaEvent;
import dev.octet.runtime.cuda.CudaGraph;
import dev.octet.runtime.cuda.CudaStream;
import dev.octet.runtime.cuda.DeviceBlock;
import dev.octet.runtime.memory.NativeBlock;

/** What there was of native memory, streams, events and graphs when it was made. */
record CudaLeaks(
    long blocks, long deviceBlocks, long deviceBytes, long streams, long events, long graphs) {
  CudaLeaks() {
    this(
        NativeBlock.liveBlocks(),
        DeviceBlock.liveBlocks(),
        DeviceBlock.liveBytes(),
        CudaStream.live(),
        CudaEvent.live(),
        CudaGraph.live());
  }

  /** Fails if there is more or less now. */
  void check() {
    assertEquals(this, new CudaLeaks());
  }
}
