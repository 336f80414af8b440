// SPDX-License-Identifier: Apache-2.0
/** Programs that end after their first result: what a process costs before it is warm. */
package dev.octet.benchmarks.startup;
