// SPDX-License-Identifier: Apache-2.0
/** Conversion of a model by a map: the plan, carrying it out, and the map's JSON form. */
package dev.octet.quantization.convert;
