// SPDX-License-Identifier: Apache-2.0
package dev.octet.examples.embeddings;

/**
 * Sentences as the numbers of their tokens, in rows of one length.
 *
 * @param ids row after row, filled up with 0
 * @param mask 1 for every token, 0 for what fills up
 * @param sentences the number of rows
 * @param tokens the length of a row
 */
public record TokenBatch(long[] ids, long[] mask, int sentences, int tokens) {}
