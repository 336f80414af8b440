// SPDX-License-Identifier: Apache-2.0
// How attention is shared between threads: each has buffers of its own in the workspace and takes items until none is
// left. Where there are many heads an item is some of them, and keys and values of a head are made ready in the buffers
// of the thread, which keeps them in its caches. Where there are few, all of them are made ready first, and items are
// queries.
#include "cpu/attention.h"

#include <algorithm>
#include <atomic>

#include "cpu/attention_head.h"
#include "cpu/parts.h"
#include "cpu/thread_pool.h"

namespace octet {
namespace cpu {
namespace {

// Products that are worth a thread's time; a score takes about as long as this many of them besides its own.
constexpr int64_t kItemProducts = int64_t{1} << 20;
constexpr int64_t kScoreProducts = 192;
/** Heads for each thread that count as many. */
constexpr int64_t kManyHeads = 4;

bool FewHeads(const AttentionShape& shape, int64_t threads) {
  return threads > 1 && shape.batch * shape.kv_heads < kManyHeads * threads;
}

int64_t BytesFor(const AttentionShape& shape, int64_t threads) {
  const int64_t heads = FewHeads(shape, threads) ? shape.batch * shape.kv_heads : 0;
  return threads * QueryBuffersBytes(shape) + std::max(threads, heads) * ReadyHeadBytes(shape);
}

class Schedule {
 public:
  Schedule(const AttentionJob& job, char* workspace, int64_t threads)
      : job_(job),
        shape_(job.shape),
        threads_(threads),
        buffers_(workspace),
        heads_(workspace + threads * QueryBuffersBytes(job.shape)),
        buffers_bytes_(QueryBuffersBytes(job.shape)),
        head_bytes_(ReadyHeadBytes(job.shape)),
        parts_(PartsOf(job.shape.queries, job.tile_rows)) {}

  void Run() const {
    if (FewHeads(shape_, threads_)) {
      RunQueries();
    } else {
      RunHeads();
    }
  }

 private:
  int64_t kv_heads() const { return shape_.batch * shape_.kv_heads; }
  int64_t heads_per_kv() const { return shape_.heads / shape_.kv_heads; }
  int64_t QueryProducts() const { return shape_.keys * (shape_.dim + shape_.v_dim + kScoreProducts); }

  void RunHeads() const {
    const int64_t products = std::max<int64_t>(1, heads_per_kv() * shape_.queries * QueryProducts());
    const int64_t items = PartsOf(kv_heads(), std::max<int64_t>(1, kItemProducts / products));
    ForItems(items, [&](int64_t thread, int64_t item) {
      const QueryBuffers buffers = BuffersOf(thread);
      const int64_t end = PartStart(kv_heads(), items, item + 1);
      for (int64_t kv = PartStart(kv_heads(), items, item); kv < end; ++kv) {
        const ReadyHead head = HeadIn(thread, kv);
        ReadyKeys(job_, kv / shape_.kv_heads, kv % shape_.kv_heads, buffers, head);
        ReadyValues(job_, kv / shape_.kv_heads, kv % shape_.kv_heads, buffers, head);
        for (int64_t h = 0; h < heads_per_kv(); ++h) {
          for (int64_t part = 0; part < parts_; ++part) Attend(head, kv, h, part, buffers);
        }
      }
    });
  }

  void RunQueries() const {
    ForItems(2 * kv_heads(), [&](int64_t thread, int64_t item) {
      const int64_t kv = item / 2;
      const auto ready = item % 2 == 0 ? ReadyKeys : ReadyValues;
      ready(job_, kv / shape_.kv_heads, kv % shape_.kv_heads, BuffersOf(thread), HeadIn(kv, kv));
    });
    const int64_t all = kv_heads() * heads_per_kv() * parts_;
    const int64_t products = std::max<int64_t>(1, shape_.queries / parts_ * QueryProducts());
    const int64_t items = PartsOf(all, std::max<int64_t>(1, kItemProducts / products));
    ForItems(items, [&](int64_t thread, int64_t item) {
      const QueryBuffers buffers = BuffersOf(thread);
      const int64_t end = PartStart(all, items, item + 1);
      for (int64_t i = PartStart(all, items, item); i < end; ++i) {
        const int64_t head = i / parts_;
        const int64_t kv = head / heads_per_kv();
        Attend(HeadIn(kv, kv), kv, head % heads_per_kv(), i % parts_, buffers);
      }
    });
  }

  /** Calls body with the number of a thread's buffers and an item, for all items. */
  template <typename Body>
  void ForItems(int64_t items, const Body& body) const {
    std::atomic<int64_t> next(0);
    ParallelFor(std::min(threads_, items), [&](int64_t thread) {
      const GemmUse use(job_.gemm);
      for (int64_t item = next++; item < items; item = next++) body(thread, item);
    });
  }

  QueryBuffers BuffersOf(int64_t thread) const { return QueryBuffersAt(shape_, buffers_ + thread * buffers_bytes_); }

  ReadyHead HeadIn(int64_t place, int64_t kv) const {
    ReadyHead head = ReadyHeadAt(shape_, heads_ + place * head_bytes_);
    head.keys = KeysOf(job_, kv / shape_.kv_heads);
    return head;
  }

  void Attend(const ReadyHead& head, int64_t kv, int64_t h, int64_t part, const QueryBuffers& buffers) const {
    const int64_t first = PartStart(shape_.queries, parts_, part);
    const int64_t rows = PartStart(shape_.queries, parts_, part + 1) - first;
    AttendQueries(job_, kv / shape_.kv_heads, kv % shape_.kv_heads * heads_per_kv() + h, head, first,
                  static_cast<int>(rows), buffers);
  }

  const AttentionJob& job_;
  const AttentionShape& shape_;
  const int64_t threads_;
  char* const buffers_;
  char* const heads_;
  const int64_t buffers_bytes_;
  const int64_t head_bytes_;
  /** Tiles of the queries of a head. */
  const int64_t parts_;
};

int64_t ThreadsFor(const AttentionShape& shape) {
  // Bounded: tensors with strides of 0 can be larger than memory.
  const int64_t rows = std::min(shape.batch * shape.heads * shape.queries, int64_t{1} << 24);
  const int64_t products = rows * shape.keys * (shape.dim + shape.v_dim + kScoreProducts);
  return std::max<int64_t>(1, std::min<int64_t>(CallThreads(), products / (kItemProducts / 2)));
}

}  // namespace

AttentionWorkspace AttentionWorkspaceSize(const AttentionCall& call) {
  const AttentionShape shape(call);
  return {static_cast<size_t>(BytesFor(shape, ThreadsFor(shape))), static_cast<size_t>(BytesFor(shape, 1))};
}

void Attention(const AttentionCall& call, char* workspace, size_t workspace_bytes) {
  if (call.out.view.count == 0) return;
  const AttentionJob job(call);
  // The number of threads may have been raised since the workspace was measured.
  int64_t threads = ThreadsFor(job.shape);
  while (threads > 1 && static_cast<size_t>(BytesFor(job.shape, threads)) > workspace_bytes) --threads;
  Schedule(job, workspace, threads).Run();
}

}  // namespace cpu
}  // namespace octet
