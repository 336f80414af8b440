// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <getopt.h>

#include <cstdio>
#include <cstdlib>

namespace octet {
namespace bench {
namespace {

constexpr char kUsage[] =
    "usage: octet_cuda_bench [OPTION]... [LIBRARY]\n"
    "Times the kernels of LIBRARY, a liboctet_cuda.so, on CUDA device 0, between events and with cold caches.\n"
    "Without LIBRARY: that of OCTET_CUDA_LIBRARY, or the one beside liboctet.\n"
    "\n"
    "  --filter TEXT   rows alone with TEXT in \"family/row\"; several: with one of them\n"
    "  --list          print the names of rows, and run none\n"
    "  --json FILE     write a line of JSON for each row, too\n"
    "  --kernel NAME   the kernel of products and convolutions that it can make (an unknown NAME lists them)\n"
    "  --parts N       parts of K, of attention's keys, of a depthwise convolution's lines, where rows don't say\n"
    "  --help          print this\n";

}  // namespace

int Refuse(const std::string& message) {
  std::fprintf(stderr, "octet_cuda_bench: %s\n%s", message.c_str(), kUsage);
  return kBadArguments;
}

int ReadOptions(int count, char** arguments, Options* options) {
  enum { kFilter = 1, kList, kJson, kKernel, kParts, kHelp };
  static const option kOptions[] = {{"filter", required_argument, nullptr, kFilter},
                                    {"list", no_argument, nullptr, kList},
                                    {"json", required_argument, nullptr, kJson},
                                    {"kernel", required_argument, nullptr, kKernel},
                                    {"parts", required_argument, nullptr, kParts},
                                    {"help", no_argument, nullptr, kHelp},
                                    {nullptr, 0, nullptr, 0}};
  // Messages are those of Refuse; ':' tells a missing value from an unknown option.
  opterr = 0;
  for (int next; (next = getopt_long(count, arguments, ":", kOptions, nullptr)) != -1;) {
    switch (next) {
      case kFilter:
        options->filters.emplace_back(optarg);
        break;
      case kList:
        options->list = true;
        break;
      case kJson:
        options->json = optarg;
        break;
      case kKernel:
        options->kernel = optarg;
        break;
      case kParts: {
        char* end = nullptr;
        const long parts = std::strtol(optarg, &end, 10);
        if (*optarg == '\0' || *end != '\0' || parts < 1 || parts > 65535) {
          return Refuse(std::string("--parts is ") + optarg + ": expected 1 to 65535");
        }
        options->parts = static_cast<int32_t>(parts);
        break;
      }
      case kHelp:
        std::fputs(kUsage, stdout);
        return 0;
      case ':':
        return Refuse(std::string(arguments[optind - 1]) + " needs a value");
      default:
        return Refuse(std::string("unknown option ") + arguments[optind - 1]);
    }
  }
  if (optind < count) options->library = arguments[optind++];
  if (optind < count) return Refuse(std::string("unexpected argument ") + arguments[optind]);
  return -1;
}

}  // namespace bench
}  // namespace octet
