// The same products on every x86-64 processor with AVX2 and FMA. Set-up compiles this file into TensorFlow's binding, so
// that it runs when the engine is loaded, whoever loads it (our library, danfojs, a worker), and before any product.
//
// TensorFlow cuts a product into blocks and adds them up block by block, so the cut decides the last digits. Two things
// of the processor decide the cut:
// - the instruction set: oneDNN, which computes the blocks, has kernels for AVX-512 that add in another order;
// - the size of the first-level cache, which Eigen asks the processor for (32, 48 and 64 KiB give three results). Eigen
//   has a function to set it, but the library does not export it. It keeps the sizes in a static variable whose place
//   set-up reads from the library's symbol table (scripts/lib/cacheSizes.mjs); without that table they stay unset.
//
// FINE_R1_NUMERICS=native leaves the processor its own way: somewhat faster, with digits of its own.
#include <cstddef>
#include <cstdlib>
#include <cstring>

extern "C" const char* TF_Version(void);

namespace {

#ifdef CACHE_SIZES_FROM_TF_VERSION
// Eigen's own defaults for a processor that does not tell: first, second and third level, in bytes.
constexpr std::ptrdiff_t kCacheSizes[3] = {32 * 1024, 256 * 1024, 2 * 1024 * 1024};

void pinCacheSizes() {
  char* const library = reinterpret_cast<char*>(reinterpret_cast<void*>(&TF_Version));
  library[CACHE_SIZES_GUARD_FROM_TF_VERSION] = 1;  // counts as initialised: the processor is not asked
  std::memcpy(library + CACHE_SIZES_FROM_TF_VERSION, kCacheSizes, sizeof kCacheSizes);
}
#else
void pinCacheSizes() {}
#endif

__attribute__((constructor)) void makePortable() {
  const char* const mode = std::getenv("FINE_R1_NUMERICS");
  if (mode != nullptr && std::strcmp(mode, "native") == 0) return;
  setenv("ONEDNN_MAX_CPU_ISA", "AVX2", 1);
  pinCacheSizes();
}

}  // namespace
