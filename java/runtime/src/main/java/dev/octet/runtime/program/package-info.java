// SPDX-License-Identifier: Apache-2.0
/**
 * Programs: inputs, constants, operations and outputs of a model that runs in integers, made by
 * {@link dev.octet.runtime.program.ProgramBuilder} or read from an artifact.
 */
package dev.octet.runtime.program;
