//! `second-factor`: enrolling a device that makes codes, on a running server.

use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};
use zeroize::Zeroizing;

use super::{ask_server, print};
use crate::app::Failure;
use crate::app::cli::{SecondFactor, SecondFactorAction};
use crate::ldap::administration::{self, FactorAction, Task};

pub(super) fn run(arguments: &SecondFactor) -> Result<(), Failure> {
    let (asked, action) = match &arguments.action {
        SecondFactorAction::Enrol(asked) => (asked, FactorAction::Enrol),
        SecondFactorAction::Confirm(confirm) => (
            &confirm.account,
            FactorAction::Confirm(confirm.code.as_bytes().into()),
        ),
        SecondFactorAction::Remove(asked) => (asked, FactorAction::Remove),
        SecondFactorAction::RecoveryCodes(asked) => (asked, FactorAction::RecoveryCodes),
    };
    let enrols = matches!(action, FactorAction::Enrol);
    let task = Task::SecondFactor(administration::SecondFactor {
        account: asked.name.clone(),
        action,
    });
    let mut told = Zeroizing::new(Vec::new());
    ask_server(&asked.config, &task, &mut *told)?;
    let told = Zeroizing::new(String::from_utf8_lossy(&told).into_owned());
    print(&told)?;
    if enrols {
        print(&Zeroizing::new(drawn(told.trim_end())?))?;
    }
    Ok(())
}

/// A QR code of a text: light on dark, as most terminals are, with the quiet zone that cameras look for.
fn drawn(text: &str) -> Result<String, Failure> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L)?;
    let (light, dark) = (Dense1x2::Dark, Dense1x2::Light);
    let drawn = code.render().dark_color(dark).light_color(light).build();
    Ok(drawn + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_drawn_as_a_square_with_a_light_border() {
        let drawn = drawn("otpauth://totp/example.org:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
            .unwrap();
        let lines: Vec<Vec<char>> = drawn.lines().map(|line| line.chars().collect()).collect();
        let width = lines[0].len();
        assert!(lines.iter().all(|line| line.len() == width));
        assert_eq!(lines.len(), width.div_ceil(2));
        assert!(lines[0].iter().all(|sign| *sign == '\u{2588}'));
    }
}
