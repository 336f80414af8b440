// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.config;

import com.fasterxml.jackson.annotation.JacksonAnnotationsInside;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.octet.quantization.estimator.AllMinMaxParameters;
import dev.octet.quantization.estimator.CrossEntropyParameters;
import dev.octet.quantization.estimator.CurrentMinMaxParameters;
import dev.octet.quantization.estimator.MseParameters;
import dev.octet.quantization.estimator.RunningMinMaxParameters;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/** Tells Jackson that the field {@code range_estimator} beside it says which class to read. */
@Retention(RetentionPolicy.RUNTIME)
@JacksonAnnotationsInside
@JsonTypeInfo(
    use = JsonTypeInfo.Id.NAME,
    include = JsonTypeInfo.As.EXTERNAL_PROPERTY,
    property = "range_estimator",
    visible = true)
@JsonSubTypes({
  @JsonSubTypes.Type(name = "current_minmax", value = CurrentMinMaxParameters.class),
  @JsonSubTypes.Type(name = "allminmax", value = AllMinMaxParameters.class),
  @JsonSubTypes.Type(name = "running_minmax", value = RunningMinMaxParameters.class),
  @JsonSubTypes.Type(name = "MSE", value = MseParameters.class),
  @JsonSubTypes.Type(name = "cross_entropy", value = CrossEntropyParameters.class)
})
@interface EstimatorParametersJson {}
