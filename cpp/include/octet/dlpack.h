/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The tensor structures of the DLPack exchange format (https://dmlc.github.io/dlpack), declared here so that neither
 * the build nor a caller needs another project's header. Field order, sizes and code values are those of DLPack 1.x; a
 * DLTensor filled in by any framework can be passed as it is. Where that project's own header was included first,
 * its declarations are used.
 */
#ifndef OCTET_DLPACK_H_
#define OCTET_DLPACK_H_

#ifndef DLPACK_DLPACK_H_

#include <stdint.h>

/** Device kinds that Octet knows. Values as in DLPack. */
typedef enum {
  /** Memory of the host. */
  kDLCPU = 1,
  /** Memory of a CUDA device. */
  kDLCUDA = 2,
} DLDeviceType;

/** A device: its kind and its number among those of the kind. */
typedef struct {
  DLDeviceType device_type;
  /** 0 for the CPU, the CUDA ordinal otherwise. */
  int32_t device_id;
} DLDevice;

/** Kinds of element. Values as in DLPack. */
typedef enum {
  kDLInt = 0U,
  kDLUInt = 1U,
  kDLFloat = 2U,
  kDLBfloat = 4U,
  kDLBool = 6U,
} DLDataTypeCode;

/** Element type: f32 is {kDLFloat, 32, 1}, s8 is {kDLInt, 8, 1}. */
typedef struct {
  /** A DLDataTypeCode. */
  uint8_t code;
  /** Bits of one lane. */
  uint8_t bits;
  /** Octet takes 1 only. */
  uint16_t lanes;
} DLDataType;

/** A strided tensor that does not own its memory. */
typedef struct {
  /** Start of the allocation; the first element lies byte_offset bytes further. May be null if there are no elements.
   */
  void* data;
  DLDevice device;
  /** Number of dimensions, 0 for a scalar. */
  int32_t ndim;
  DLDataType dtype;
  /** ndim sizes, each >= 0. May be null where ndim is 0. */
  int64_t* shape;
  /** ndim strides in elements (zero and negative ones are allowed for inputs), or null: compact and row-major. */
  int64_t* strides;
  /** Bytes from data to the first element. */
  uint64_t byte_offset;
} DLTensor;

#endif /* DLPACK_DLPACK_H_ */

#endif /* OCTET_DLPACK_H_ */
