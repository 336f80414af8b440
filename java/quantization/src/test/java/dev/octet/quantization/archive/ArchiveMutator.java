// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Changes TorchScript archives, as damage and as malice would; always with the right CRC-32. */
final class ArchiveMutator {
  private ArchiveMutator() {}

  /** Returns the bytes of a changed archive. */
  static byte[] mutate(TorchZip whole, Random random) {
    TorchZip zip = whole.copy();
    for (int i = 1 + random.nextInt(2); i > 0; i--) {
      mutateEntries(zip, random);
    }
    byte[] bytes = zip.bytes();
    return random.nextInt(20) == 0 ? damage(bytes, random) : bytes;
  }

  /** Returns the bytes with some changed, lost or doubled, and whatever CRC-32 they then have. */
  static byte[] damage(byte[] whole, Random random) {
    byte[] bytes = whole.clone();
    int at = random.nextInt(bytes.length);
    // Most that matters is at the end: the directory.
    int late = bytes.length - 1 - random.nextInt(Math.min(bytes.length, 4096));
    switch (random.nextInt(5)) {
      case 0 -> {
        return Arrays.copyOf(bytes, at);
      }
      case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
      case 2 -> bytes[late] ^= (byte) (1 << random.nextInt(8));
      case 3 -> bytes[late] = (byte) (random.nextBoolean() ? 0xff : 0);
      default -> {
        int length = Math.min(1 + random.nextInt(64), bytes.length - at);
        System.arraycopy(bytes, random.nextInt(bytes.length - length + 1), bytes, at, length);
      }
    }
    return bytes;
  }

  private static void mutateEntries(TorchZip zip, Random random) {
    int at = random.nextInt(zip.entries().size());
    int other = random.nextInt(zip.entries().size());
    switch (random.nextInt(12)) {
      case 0 -> zip.entries().remove(at);
      case 1 ->
          zip.entries().set(at, zip.entries().get(at).withBytes(zip.entries().get(other).bytes()));
      case 2 ->
          zip.entries().set(at, zip.entries().get(at).withName(zip.entries().get(other).name()));
      case 3 -> zip.entries().add(at, zip.entries().get(other));
      case 4, 5, 6, 7 -> code(zip, random);
      case 8 -> pickle(zip, random, ".debug_pkl");
      case 9 -> {
        byte[] bytes = zip.entries().get(at).bytes();
        zip.entries()
            .set(
                at,
                zip.entries()
                    .get(at)
                    .withBytes(Arrays.copyOf(bytes, random.nextInt(2 * bytes.length + 1))));
      }
      default -> pickle(zip, random, ".pkl");
    }
  }

  private static void pickle(TorchZip zip, Random random, String end) {
    int at = pick(zip, random, end);
    if (at >= 0) {
      TorchZip.Entry entry = zip.entries().get(at);
      zip.entries().set(at, entry.withBytes(PickleMutator.mutate(entry.bytes(), random)));
    }
  }

  private static void code(TorchZip zip, Random random) {
    int at = pick(zip, random, ".py");
    if (at >= 0) {
      TorchZip.Entry entry = zip.entries().get(at);
      String code = new String(entry.bytes(), StandardCharsets.ISO_8859_1);
      zip.entries()
          .set(
              at,
              entry.withBytes(
                  CodeMutator.mutate(code, random).getBytes(StandardCharsets.ISO_8859_1)));
    }
  }

  private static int pick(TorchZip zip, Random random, String end) {
    List<Integer> fitting =
        IntStream.range(0, zip.entries().size())
            .filter(i -> zip.entries().get(i).name().endsWith(end))
            .boxed()
            .toList();
    return fitting.isEmpty() ? -1 : fitting.get(random.nextInt(fitting.size()));
  }
}
