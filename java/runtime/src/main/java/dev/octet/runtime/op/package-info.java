// SPDX-License-Identifier: Apache-2.0
/**
 * The operations of programs, a kind a class: what it takes, the shapes it makes, what it prepares
 * once, and its call into the native library. {@link dev.octet.runtime.op.OperationKinds} lists
 * them.
 */
package dev.octet.runtime.op;
