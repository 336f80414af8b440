// SPDX-License-Identifier: Apache-2.0
/** Range estimators: from batches of values to the range that a quantizer covers. */
package dev.octet.quantization.estimator;
