// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

/**
 * One entry of a zip archive, its position checked.
 *
 * @param name whole name, with the archive's folder
 * @param deflated whether the bytes are compressed; else they are stored as they are
 * @param crc CRC-32 of the uncompressed bytes
 * @param storedSize bytes in the file
 * @param size bytes uncompressed
 * @param headerOffset bytes from the start of the file to the entry's own header
 * @param dataOffset bytes from the start of the file to the entry's first byte
 */
record ZipRecord(
    String name,
    boolean deflated,
    long crc,
    long storedSize,
    long size,
    long headerOffset,
    long dataOffset) {

  ZipRecord withDataOffset(long offset) {
    return new ZipRecord(name, deflated, crc, storedSize, size, headerOffset, offset);
  }

  /** The first byte after the entry's data. */
  long end() {
    return dataOffset + storedSize;
  }
}
