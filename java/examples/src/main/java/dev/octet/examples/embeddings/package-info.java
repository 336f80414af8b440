// SPDX-License-Identifier: Apache-2.0
/**
 * Sentence embeddings by all-MiniLM-L6-v2: converted with PyTorch, served without. {@link
 * dev.octet.examples.embeddings.ConvertMiniLm} makes the artifact, {@link
 * dev.octet.examples.embeddings.NearestSentences} serves it.
 */
package dev.octet.examples.embeddings;
