/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The library itself: version, instruction set, threads. All functions may be called from any thread.
 */
#ifndef OCTET_LIBRARY_H_
#define OCTET_LIBRARY_H_

#include <stdint.h>

#include "octet/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Instruction sets the CPU kernels are compiled for, the better ones last. */
typedef enum octet_isa {
  /** Portable scalar code: the reference that the others equal bit for bit. */
  OCTET_ISA_SCALAR = 0,
  /** AVX2, FMA and F16C. */
  OCTET_ISA_AVX2 = 1,
  /** AVX-512 F, BW, DQ and VL. */
  OCTET_ISA_AVX512 = 2,
  /** AVX2, FMA and F16C with AVX-VNNI (dot products of bytes). Differs from OCTET_ISA_AVX2 in matrix products only. */
  OCTET_ISA_AVX_VNNI = 3,
  /** AVX-512 F, BW, DQ and VL with AVX512-VNNI. Differs from OCTET_ISA_AVX512 in matrix products only. */
  OCTET_ISA_AVX512_VNNI = 4,
  /**
   * AVX-512 F, BW, DQ and VL with AVX512-VNNI, AMX-TILE and AMX-INT8. Differs from OCTET_ISA_AVX512_VNNI in products of
   * integer matrices, convolutions and attention of more than a few rows. The system must let the process use the
   * tiles (Linux from 5.16 on, which is asked once), and the kernels must give the sums of the scalar ones for some
   * tiles, which is looked at once; else it is not available.
   */
  OCTET_ISA_AMX_INT8 = 5,
} octet_isa;

/** The library's version, "major.minor.patch". Static storage. */
OCTET_API const char* octet_version(void);

/**
 * The instruction set in use: at load the best that the machine has, or the one named by the environment variable
 * OCTET_ISA (scalar, avx2, avx512, avx_vnni, avx512_vnni, amx_int8); a name that is unknown or that the machine lacks
 * is ignored with one line on stderr.
 */
OCTET_API octet_isa octet_get_isa(void);

/** 1 if this machine and this build can run isa, else 0. */
OCTET_API int32_t octet_isa_available(octet_isa isa);

/** "scalar", "avx2", "avx512", "avx_vnni", "avx512_vnni", "amx_int8", or "unknown". Static storage. */
OCTET_API const char* octet_isa_name(octet_isa isa);

/**
 * Chooses the instruction set of calls that start from now on. Meant for tests and benchmarks: results do not depend on
 * it. OCTET_UNSUPPORTED if the machine or the build lacks it.
 */
OCTET_API octet_status octet_set_isa(octet_isa isa);

/**
 * The most threads one call may use, the calling thread included: initially the value of the environment variable
 * OCTET_NUM_THREADS or, without it, the number of CPUs that this process may run on.
 */
OCTET_API int32_t octet_get_num_threads(void);

/**
 * Sets the most threads one call may use, the calling thread included; 1 runs all in the calling thread and starts
 * none. Holds for the process, for calls that start from now on. Results do not depend on it. Small work is not split,
 * whatever the number. OCTET_INVALID_ARGUMENT unless 1 <= num_threads <= 1024.
 */
OCTET_API octet_status octet_set_num_threads(int32_t num_threads);

/**
 * Sets the most threads that one call made by the calling thread may use, itself included, in place of the process's
 * setting; 0 removes it. Costs some nanoseconds. OCTET_INVALID_ARGUMENT unless 0 <= num_threads <= 1024.
 */
OCTET_API octet_status octet_set_caller_threads(int32_t num_threads);

#ifdef __cplusplus
}
#endif

#endif /* OCTET_LIBRARY_H_ */
