// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.artifact;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/** CRC-32C as eight hexadecimal digits. */
final class Checksum {
  private Checksum() {}

  static String of(ByteBuffer data) {
    CRC32C crc = new CRC32C();
    crc.update(data.duplicate());
    return HexFormat.of().toHexDigits(crc.getValue(), 8);
  }
}
