// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HalfFloatsTest {
  @Test
  void everyHalfSurvives() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float value = HalfFloats.toFloat((short) bits);
      if (Float.isNaN(value)) {
        assertTrue((bits & 0x7fff) > 0x7c00, Integer.toHexString(bits));
        assertTrue(Float.isNaN(HalfFloats.toFloat(HalfFloats.toHalf(value))));
      } else {
        assertEquals((short) bits, HalfFloats.toHalf(value), Integer.toHexString(bits));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 3c00",
    "-2, c000",
    "65504, 7bff",
    "65519.996, 7bff",
    "65520, 7c00",
    "1e30, 7c00",
    "-1e30, fc00",
    "6.1035156e-5, 0400",
    "6.0975552e-5, 03ff",
    "5.9604645e-8, 0001",
    "2.9802322e-8, 0000",
    "2.9802326e-8, 0001",
    "8.940697e-8, 0002",
    "1.00048828125, 3c00",
    "1.00146484375, 3c02",
    "1.0004884, 3c01",
    "2047.5, 6800",
    "2046.5, 67fe",
    "2049, 6800",
    "2051, 6802",
    "-0, 8000"
  })
  void nearestHalf(float value, String bits) {
    assertEquals((short) Integer.parseInt(bits, 16), HalfFloats.toHalf(value));
  }

  @ParameterizedTest
  @CsvSource({
    "3f800000, 3f80",
    "3f808000, 3f80",
    "3f818000, 3f82",
    "3f808001, 3f81",
    "7f7fffff, 7f80",
    "ff800000, ff80",
    "7f800001, 7fc0",
    "80000000, 8000"
  })
  void nearestBfloat16(String value, String bits) {
    float number = Float.intBitsToFloat(Integer.parseUnsignedInt(value, 16));
    assertEquals((short) Integer.parseInt(bits, 16), HalfFloats.toBfloat16(number));
  }
}
