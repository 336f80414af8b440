// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.runtime.program.Program;

/**
 * What lowering makes.
 *
 * @param program the model as a program of the runtime
 * @param report what runs how, and why
 */
public record LoweredModel(Program program, LoweringReport report) {}
