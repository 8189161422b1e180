//! The program: hands the command line to the app and turns its outcome into an exit code.

fn main() -> std::process::ExitCode {
    hedgerow::app::run()
}
