// SPDX-License-Identifier: Apache-2.0
/** Complete programs; the README's snippets stand in them word for word, which a test checks. */
package dev.octet.examples;
