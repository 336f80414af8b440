// SPDX-License-Identifier: Apache-2.0
/** The command {@code octet}. */
package dev.octet.cli;
