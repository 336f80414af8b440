// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;

/**
 * One row of a suite's result: medians over interleaved rounds.
 *
 * @param suite name of the suite
 * @param name what was measured
 * @param ours our figure, in {@code unit}; null if there is none, as on an emulated device
 * @param peer the peer's figure, in {@code unit}; null if there is none
 * @param peerName what the peer is and, if it is missing, why
 * @param unit unit of both figures; where it is "GB/s" or "TOPS" more is better, else less
 * @param ratio median over the rounds of how many times better ours was; above 1 ours is better;
 *     null where a figure is
 * @param rounds number of rounds
 * @param threads that both ways may use
 * @param machine what it was measured on and with
 */
@JsonPropertyOrder({
  "suite",
  "name",
  "ours",
  "peer",
  "peer_name",
  "unit",
  "ratio",
  "rounds",
  "threads",
  "machine"
})
public record Measurement(
    String suite,
    String name,
    Double ours,
    Double peer,
    @JsonProperty("peer_name") String peerName,
    String unit,
    Double ratio,
    int rounds,
    int threads,
    Machine machine) {}
