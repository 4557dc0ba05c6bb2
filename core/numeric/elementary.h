// exp, log and sigmoid that give the same bits natively and in WebAssembly.
//
// libm differs between platforms in the last place, so the core brings its own. Plain IEEE 754 double arithmetic in a
// fixed order, no fused multiply-add (-ffp-contract=off). Relative error below 1e-15 (tests/unit/core/numeric_test.cc
// compares with libm over the whole range). Thread-safe: no state.
#pragma once

namespace footlight {

// e^x. x <= -708 gives 0, x >= 709 gives the largest finite double; NaN gives 0. About 5 ns.
[[nodiscard]] double exp_exact(double x) noexcept;

// Natural logarithm of x > 0; x <= 0 or NaN gives the lowest finite double.
[[nodiscard]] double log_exact(double x) noexcept;

// 1 / (1 + e^-x), in [0, 1].
[[nodiscard]] double sigmoid(double x) noexcept;

}  // namespace footlight
