//! The program: hands the command line to the app and turns its outcome into an exit code.

/// Threads hand one another what they allocate with every change, which costs the allocator of the C library a fifth of the
/// change and leaves holes in its arenas.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    hedgerow::app::run()
}
