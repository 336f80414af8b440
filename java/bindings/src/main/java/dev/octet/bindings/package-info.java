// SPDX-License-Identifier: Apache-2.0
/**
 * Octet's C API on the JVM: the structures and functions that JavaCPP maps from the headers, and
 * the loading of the native library.
 *
 * <p>Functions are static methods of {@code dev.octet.bindings.global.octet}; {@link
 * dev.octet.bindings.NativeLibrary} loads the library and turns a status into an exception.
 */
package dev.octet.bindings;
