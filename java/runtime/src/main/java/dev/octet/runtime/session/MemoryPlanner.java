// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import dev.octet.runtime.memory.NativeBlock;
import dev.octet.runtime.type.InvalidProgramException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Lays blocks out in one arena so that those which are needed at the same time don't overlap: the
 * largest first, each at the lowest place that is free while it lives ("greedy by size").
 */
final class MemoryPlanner {
  /** A block: its bytes, the first and the last step that need it, and the place it gets. */
  static final class Block {
    private final long bytes;
    private final int first;
    private int last;
    private long offset;

    Block(long bytes, int first) {
      this.bytes = bytes;
      this.first = first;
      this.last = first;
    }

    /** Says that a step needs the block. */
    void usedAt(int step) {
      last = Math.max(last, step);
    }

    long bytes() {
      return bytes;
    }

    long offset() {
      return offset;
    }

    private boolean livesWith(Block other) {
      return first <= other.last && other.first <= last;
    }

    private long end() {
      return offset + aligned(bytes);
    }
  }

  private static final Comparator<Block> LARGEST_FIRST =
      new Comparator<>() {
        @Override
        public int compare(Block a, Block b) {
          return Long.compare(b.bytes, a.bytes);
        }
      };

  private MemoryPlanner() {}

  private static long aligned(long bytes) {
    return (bytes + NativeBlock.ALIGNMENT - 1) / NativeBlock.ALIGNMENT * NativeBlock.ALIGNMENT;
  }

  /** Returns the bytes of all blocks, each aligned. */
  static long sum(List<Block> blocks) {
    long sum = 0;
    for (Block block : blocks) {
      sum += aligned(block.bytes);
      if (sum < 0 || block.bytes > Long.MAX_VALUE / 2) {
        throw new InvalidProgramException("the values of this run take more than 2^63 bytes");
      }
    }
    return sum;
  }

  /** Gives every block its place and returns the bytes of the arena. */
  static long place(List<Block> blocks) {
    List<Block> order = new ArrayList<>(blocks);
    order.sort(LARGEST_FIRST);
    // Sorted by place.
    List<Block> placed = new ArrayList<>();
    long peak = 0;
    for (Block block : order) {
      if (block.bytes == 0) {
        continue;
      }
      long place = 0;
      for (Block other : placed) {
        if (block.livesWith(other)) {
          if (other.offset - place >= aligned(block.bytes)) {
            break;
          }
          place = Math.max(place, other.end());
        }
      }
      block.offset = place;
      int at = placed.size();
      while (at > 0 && placed.get(at - 1).offset > place) {
        at--;
      }
      placed.add(at, block);
      peak = Math.max(peak, block.end());
    }
    return peak;
  }
}
