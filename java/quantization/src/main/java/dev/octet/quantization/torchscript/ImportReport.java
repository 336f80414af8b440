// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.torchscript;

import java.util.List;
import java.util.Map;

/**
 * What an import found.
 *
 * @param operators how often each operator occurs, the most frequent first
 * @param parameters the number of elements of all parameters, shared ones counted once
 * @param notes in words: what was skipped, recorded instead of recognised, or rebuilt
 */
public record ImportReport(Map<String, Integer> operators, long parameters, List<String> notes) {}
