//! Mail on its way out: files in a folder that a mail server empties.
//!
//! Owns the form of a message (RFC 5322). It sends nothing itself, so that a mail server that is away delays nobody.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A message to one person.
pub struct Message<'a> {
    /// Whom it is from.
    pub from: &'a str,
    /// Whom it is for.
    pub to: &'a str,
    /// What it is about, in ASCII.
    pub subject: &'a str,
    /// What it says.
    pub text: &'a str,
}

/// Whether mail can be sent to an address: one `@` with something before and behind it, and nothing that could be taken
/// for another header or another address.
pub fn is_address(text: &str) -> bool {
    let sound = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| !c.is_control() && !c.is_whitespace() && !"<>()[],;:\\\"@".contains(c))
    };
    let parts = text.split_once('@');
    text.len() <= 254 && parts.is_some_and(|(local, domain)| sound(local) && sound(domain))
}

/// Puts a message into the folder, readable by its owner alone, and there for who empties it only when it is whole.
///
/// # Errors
/// When the file cannot be written; nothing is left of it.
pub fn send(folder: &Path, message: &Message<'_>) -> io::Result<()> {
    let name = uuid::Builder::from_random_bytes(random()?).into_uuid();
    let hidden = folder.join(format!(".{name}.unfinished"));
    let text = render(message, &name.to_string());
    let shown = folder.join(format!("{name}.eml"));
    let sent = write(&hidden, &text).and_then(|()| fs::rename(&hidden, shown));
    sent.inspect_err(|_| {
        let _ = fs::remove_file(&hidden);
    })
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn random() -> io::Result<[u8; 16]> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}

fn render(message: &Message<'_>, id: &str) -> String {
    let body = STANDARD.encode(message.text);
    let lines = body.as_bytes().chunks(76).map(String::from_utf8_lossy);
    let lines: Vec<_> = lines.collect();
    format!(
        "From: {}\r\nTo: {}\r\nSubject: {}\r\nMessage-ID: <{id}@hedgerow>\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
        message.from,
        message.to,
        message.subject,
        lines.join("\r\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_nothing_that_could_be_taken_for_more() {
        for good in [
            "ada@example.org",
            "o'hara+x@ex-ample.org",
            "\u{e4}da@b\u{fc}cher.example",
        ] {
            assert!(is_address(good), "{good}");
        }
        for bad in [
            "",
            "ada",
            "@",
            "ada@",
            "@example.org",
            "a@b@c",
            "a b@c",
            "a@b\r\nBcc: x@y",
            "a@b,c@d",
            "<a@b>",
        ] {
            assert!(!is_address(bad), "{bad}");
        }
    }

    #[test]
    fn a_message_lies_in_the_folder_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let message = Message {
            from: "hedgerow@example.org",
            to: "ada@example.org",
            subject: "Invitation",
            text: "Gr\u{fc}\u{df}e",
        };
        assert!(send(&folder.path().join("away"), &message).is_err());
        send(folder.path(), &message).unwrap();
        let files: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(files.len(), 1);
        let text = fs::read_to_string(files[0].as_ref().unwrap().path()).unwrap();
        assert!(text.contains("\r\nTo: ada@example.org\r\n"), "{text}");
        let body = text.split_once("\r\n\r\n").unwrap().1;
        assert_eq!(
            STANDARD.decode(body.trim()).unwrap(),
            message.text.as_bytes()
        );
    }
}
