// SPDX-License-Identifier: Apache-2.0
/** The state of a whole converted model: switches, ranges, calibration, and its saved form. */
package dev.octet.quantization.state;
