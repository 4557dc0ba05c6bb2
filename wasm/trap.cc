// libc++ without exceptions calls abort() where it would throw (string_view::substr, say), and
// Emscripten's abort() imports a function of the host. Here it traps: the host sees a
// WebAssembly.RuntimeError, and the engine imports nothing.
extern "C" [[noreturn]] void abort() { __builtin_trap(); }
