// SPDX-License-Identifier: Apache-2.0
#include "bench.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace octet {
namespace bench {
namespace {

/** A JSON string. */
std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      char code[8];
      std::snprintf(code, sizeof(code), "\\u%04x", c);
      quoted += code;
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

/** A JSON number, null for what there is none of. */
std::string Number(double value) {
  if (value == 0.0) return "null";
  char text[32];
  std::snprintf(text, sizeof(text), "%.6g", value);
  return text;
}

}  // namespace

Bench::Bench(const Options& options) : options_(options) {}

Bench::Bench(const Options& options, const Device& device, const Timer& timer, CublasLt* lt, std::FILE* json)
    : options_(options), device_(&device), timer_(&timer), lt_(lt), json_(json), emulated_(device.emulated()) {}

bool Bench::Wants(const std::string& name) const {
  const auto& filters = options_.filters;
  return filters.empty() || std::any_of(filters.begin(), filters.end(), [&](const std::string& filter) {
           return name.find(filter) != std::string::npos;
         });
}

void Bench::Row(const char* family, const std::string& row, const std::function<void()>& body) {
  const std::string name = std::string(family) + '/' + row;
  if (lost_ || !Wants(name)) return;
  ++rows_;
  if (device_ == nullptr) {
    std::printf("%s\n", name.c_str());
    return;
  }
  std::printf("%-70s", name.c_str());
  std::fflush(stdout);
  work_ = {};
  time_ = 0.0;
  peer_ = {};
  std::string error;
  try {
    body();
    BENCH_CHECK(cudaDeviceSynchronize());
    Print();
  } catch (const std::exception& failure) {
    error = failure.what();
    ++failures_;
    lost_ = cudaDeviceSynchronize() != cudaSuccess;
    std::printf("  FAILED: %s\n", error.c_str());
  }
  WriteJson(family, row, error);
}

void Bench::Measure(const Work& work, const std::function<void()>& call) {
  work_ = work;
  time_ = timer_->Median(call);
  if (work.operations == 0.0) peer_ = {"copy", CopyTime(*timer_, work.bytes), ""};
}

void Bench::Compare(LtTypes types, const std::function<void()>& measure) {
  if (lt_ == nullptr || lt_->missing() != nullptr) return;
  peer_.name = LtName(types);
  try {
    measure();
  } catch (const Failure& failure) {
    peer_.missing = failure.what();
  }
}

void Bench::CompareWithLt(const LtProduct& product) {
  Compare(product.types, [&] {
    const Tensor a(LtInput(product.types), {product.count, product.m, product.k});
    const Tensor w(LtInput(product.types), {product.count, product.n, product.k});
    const Tensor out(LtOutput(product.types), {product.count, product.m, product.n});
    const auto plan = lt_->Choose(product, *timer_, a.data(), w.data(), out.data());
    peer_.time = timer_->Median([&] { plan->Run(a.data(), w.data(), out.data()); });
  });
}

void Bench::CompareWithLt(LtTypes types, const std::vector<int64_t>& groups, int64_t n, int64_t k) {
  Compare(types, [&] {
    const int64_t rows = std::accumulate(groups.begin(), groups.end(), int64_t{0});
    const Tensor a(LtInput(types), {rows, k});
    const Tensor w(LtInput(types), {static_cast<int64_t>(groups.size()), n, k});
    const Tensor out(LtOutput(types), {rows, n});
    std::map<int64_t, std::unique_ptr<CublasLt::Plan>> plans;
    for (const int64_t group : groups) {
      if (group == 0 || plans.count(group) != 0) continue;
      plans[group] = lt_->Choose({types, group, n, k}, *timer_, a.data(), w.data(), out.data());
    }
    const int64_t in_bytes = LtInput(types).bits / 8;
    const int64_t out_bytes = LtOutput(types).bits / 8;
    peer_.time = timer_->Median([&] {
      auto at = static_cast<const char*>(a.data());
      auto weights = static_cast<const char*>(w.data());
      auto to = static_cast<char*>(out.data());
      for (const int64_t group : groups) {
        if (group > 0) plans[group]->Run(at, weights, to);
        at += group * k * in_bytes;
        weights += n * k * in_bytes;
        to += group * n * out_bytes;
      }
    });
  });
}

void Bench::Print() const {
  if (time_ == 0.0) {
    std::printf("  ran\n");
    return;
  }
  std::printf("%10.1f us", time_);
  if (work_.operations > 0.0) {
    std::printf(" %8.1f TOPS", 1e-6 * work_.operations / time_);
  } else {
    std::printf("%14s", "");
  }
  std::printf(" %8.1f GB/s", 1e-3 * work_.bytes / time_);
  const double roofline = device_->Roofline(work_);
  if (roofline > 0.0) std::printf("  roofline %.2f", roofline / time_);
  if (peer_.time > 0.0) {
    std::printf("  %s %.1f us, ratio %.2f", peer_.name.c_str(), peer_.time, peer_.time / time_);
  } else if (!peer_.name.empty()) {
    std::printf("  %s: %s", peer_.name.c_str(), peer_.missing.c_str());
  }
  std::printf("\n");
}

void Bench::WriteJson(const char* family, const std::string& row, const std::string& error) const {
  if (json_ == nullptr) return;
  const double rate = time_ > 0.0 ? 1.0 / time_ : 0.0;
  const double roofline = device_->Roofline(work_);
  std::fprintf(json_,
               "{\"device\":%s,\"architecture\":\"%s\",\"family\":\"%s\",\"row\":%s,\"us\":%s,\"tops\":%s,"
               "\"gb_s\":%s,\"roofline_us\":%s,\"roofline_ratio\":%s,\"peer\":%s,\"peer_us\":%s,\"ratio\":%s",
               Quoted(device_->name()).c_str(), device_->architecture().c_str(), family, Quoted(row).c_str(),
               Number(time_).c_str(), Number(1e-6 * work_.operations * rate).c_str(),
               Number(1e-3 * work_.bytes * rate).c_str(), Number(roofline).c_str(), Number(roofline * rate).c_str(),
               peer_.time > 0.0 ? Quoted(peer_.name).c_str() : "null", Number(peer_.time).c_str(),
               Number(peer_.time * rate).c_str());
  if (!error.empty()) std::fprintf(json_, ",\"error\":%s", Quoted(error).c_str());
  std::fprintf(json_, "}\n");
  std::fflush(json_);
}

}  // namespace bench
}  // namespace octet
