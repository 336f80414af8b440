// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import dev.octet.bindings.global.octet;
import dev.octet.runtime.cuda.CudaEvent;
import dev.octet.runtime.cuda.CudaGraph;
import dev.octet.runtime.cuda.CudaStream;
import dev.octet.runtime.cuda.DeviceBlock;
import dev.octet.runtime.memory.MemoryBlock;
import dev.octet.runtime.type.Device;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.Pointer;

/**
 * Runs in a stream of a CUDA device, its own or the caller's. The first run makes its calls one by
 * one, so that whatever is loaded or set at first use is there; the second one records them as a
 * graph, which it and further runs launch. Graphs hold addresses, so that each set of places of
 * inputs and outputs takes one; beyond {@value #MOST_GRAPHS} of them, which memory that the caller
 * keeps does not come to, calls are made one by one again.
 */
final class CudaLane implements Lane {
  private static final int MOST_GRAPHS = 4;

  private record Recorded(long[] places, CudaGraph graph) {}

  private record EventMark(CudaEvent event) implements Mark {
    @Override
    public boolean isReached() {
      return event.isReached();
    }

    @Override
    public int await() {
      return event.trySynchronize();
    }

    @Override
    public void close() {
      event.close();
    }
  }

  private final CudaStream stream;
  private final PlanGraphs known;
  private final List<DeviceBlock> hostMemory = new ArrayList<>();
  private final List<Recorded> graphs = new ArrayList<>();
  private boolean ranBefore;
  private long callerStream;
  private boolean inCallerStream;

  /**
   * Makes a stream.
   *
   * @param known what is known of the plan's graphs
   */
  CudaLane(Device device, PlanGraphs known) {
    this.known = known;
    this.stream = CudaStream.create(device);
  }

  @Override
  public MemoryBlock allocate(long bytes, String purpose) {
    return DeviceBlock.allocate(stream.device(), bytes, purpose);
  }

  @Override
  public void enterStream(long caller) {
    callerStream = caller;
    inCallerStream = true;
    stream.redirect(caller);
  }

  @Override
  public void leaveStream() {
    inCallerStream = false;
    stream.restore();
  }

  @Override
  public Pointer stream() {
    return stream.handle();
  }

  @Override
  public boolean reaches(TensorData data) {
    return data.device().equals(stream.device());
  }

  @Override
  public long hostMemory(long place, long bytes, String purpose) {
    DeviceBlock block = DeviceBlock.pinned(stream.device(), bytes, purpose);
    hostMemory.add(block);
    return block.address();
  }

  @Override
  public int copy(long target, long source, long bytes) {
    return stream.tryCopy(target, source, bytes);
  }

  @Override
  public int launch(Calls calls, long[] places) {
    for (int i = 0; i < graphs.size(); i++) {
      if (Arrays.equals(graphs.get(i).places(), places)) {
        return graphs.get(i).graph().launch();
      }
    }
    if (ranBefore && known.wanted() && graphs.size() < MOST_GRAPHS) {
      CudaGraph recorded = record(calls);
      if (recorded != null) {
        graphs.add(new Recorded(places.clone(), recorded));
        return recorded.launch();
      }
    }
    int status = calls.run();
    ranBefore |= status == octet.OCTET_OK;
    return status;
  }

  /** Records in the lane's own stream: in the caller's, others may work at the same time. */
  private CudaGraph record(Calls calls) {
    stream.restore();
    try {
      CudaGraph graph = CudaGraph.record(stream, calls::run);
      known.recorded(graph.nodes());
      return graph;
    } catch (IllegalStateException | UnsupportedOperationException e) {
      known.giveUp(calls.failed() + ": " + e.getMessage());
      return null;
    } finally {
      if (inCallerStream) {
        stream.redirect(callerStream);
      }
    }
  }

  @Override
  public Mark mark() {
    return new EventMark(CudaEvent.record(stream));
  }

  @Override
  public int finish() {
    return stream.trySynchronize();
  }

  @Override
  public void close() {
    graphs.forEach(recorded -> recorded.graph().close());
    stream.close();
    hostMemory.forEach(DeviceBlock::close);
  }
}
