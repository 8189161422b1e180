//! Known answers from other implementations, and what must never match.

use proptest::prelude::*;

use super::*;

const PASSWORD: &str = "päss wörd";

/// Values of [`PASSWORD`]. Made with OpenLDAP 2.5's slappasswd ({SSHA} to {SHA512}, {ARGON2}$argon2i), libxcrypt
/// ({CRYPT}), PHP ($2y$), Python's hashlib ({PBKDF2...}) and libargon2 (the rest of {ARGON2}).
const KNOWN: &[(Scheme, &str)] = &[
    (Scheme::SaltedSha1, "{SSHA}uPc1yWtOickxyWNLvzpwNjgI8Lfe5Ryr"),
    (Scheme::Sha1, "{SHA}/i4CfWuUyOmLaC9O8e9k/TBfbK8="),
    (Scheme::SaltedMd5, "{SMD5}H0dQ803o1ZDROVdeQIqqlxS0vIQ="),
    (Scheme::Md5, "{MD5}dXVbOF+Z2Dhtyx7XTnx1JQ=="),
    (
        Scheme::SaltedSha256,
        "{SSHA256}K8cNolAhJEk41AfrrrbxPLUi99Q1vLrZ2SmT2AKsLhk/gEkqBr00/w==",
    ),
    (
        Scheme::Sha256,
        "{SHA256}nZeOKZw+IphR1Bgwa5CX4YW3jBofBqPGXszHb5xN75k=",
    ),
    (
        Scheme::SaltedSha512,
        "{SSHA512}Ww0kCOpjdVYRxhd+gVk3/S3tZM28s+SBV/N1UvADlO/VwZRtMWTditXx18W+hyqlda239tpTx3WJK1rwVIb0qPqcl+syeQFy",
    ),
    (
        Scheme::Sha512,
        "{SHA512}wPSLvqJa09dVpu1yACeVU+xsmRLkw8NS+HnXqihn8FjsLrCFi3LTzyVZvUP6Rejv6swr/Ao2OINvzQwmYVvwDg==",
    ),
    (Scheme::Crypt, "{CRYPT}$1$abcdefgh$cHEQ93worP4USgc5xGNtp/"),
    (Scheme::Crypt, "{CRYPT}$1$$C9u/eeRk/E2yylq7/H3Jj1"),
    (
        Scheme::Crypt,
        "{CRYPT}$5$abcdefgh$YjO3dwZxrgtyo9GCtf/xPl5xU4GyIc61LKyy7A8oYm/",
    ),
    (
        Scheme::Crypt,
        "{CRYPT}$5$rounds=1000$saltstring0123$fRSFBttJx6Vv5rsAtJsckvKJ/klp17B143Q/nk5v8GD",
    ),
    (
        Scheme::Crypt,
        "{CRYPT}$6$abcdefgh$gFQ4j2hLSmpS.7keFyrqjaz.yP0vtAgLGrbTNijD.NsUMM77g0a9Cd/xGJ6M85e.y8grpxMBPvccjd7nWeHO./",
    ),
    (
        Scheme::Crypt,
        "{CRYPT}$6$rounds=1000$0123456789abcdef$NReYzJlD2aDs7Ny4uEEaaP9FPxokDlTYJhjI1WIeillDGt4kTuwE4n7D7eBI9syRDT9WjnzqXPSfF63cEda/v/",
    ),
    (
        Scheme::Crypt,
        "{CRYPT}$2a$04$abcdefghijklmnopqrstuug0dDbOpa5ZqsJa.0FXc9Cfct0Dpi9wq",
    ),
    (
        Scheme::Crypt,
        "{CRYPT}$2b$04$abcdefghijklmnopqrstuug0dDbOpa5ZqsJa.0FXc9Cfct0Dpi9wq",
    ),
    (
        Scheme::Crypt,
        "{CRYPT}$2y$04$KuAifqQWZVJsd2AmGAvCSu5H96oNQiBL6JlGmSBOZr//3BQ.0m5OG",
    ),
    (
        Scheme::Crypt,
        "{CRYPT}$y$j75$saltsaltsaltsalt$iyOpp5QHbHGSLJ88UX4Ks72euI4M/urW/t.oUKb4xk6",
    ),
    (
        Scheme::Crypt,
        "{CRYPT}$y$j9T$.2U.1EE/4Q.07ck0AoU1D.F2GA/3JMl3MYV4PkF5Sw/6V6m6YIW7bUG8eg09hsm9k2XAnEHBqQ1CtcnCwoXDz.$Y2/FacvFwfIemrkwgaxZbsAG90CIJYTJP65GVjI0nK0",
    ),
    (
        Scheme::Pbkdf2Sha1,
        "{PBKDF2}1000$8PHy8/T19vf4.fr7/P3./w$EqJCLVmXOxf0Y1yJ2x/P5UeUJaE",
    ),
    (
        Scheme::Pbkdf2Sha1,
        "{PBKDF2-SHA1}1000$8PHy8/T19vf4+fr7/P3+/w==$EqJCLVmXOxf0Y1yJ2x/P5UeUJaE=",
    ),
    (
        Scheme::Pbkdf2Sha256,
        "{PBKDF2-SHA256}1000$8PHy8/T19vf4.fr7/P3./w$m18r9ma1x45oYm4//xtR6P1lAbxTR6yUUoVGdI/DVF0",
    ),
    (
        Scheme::Pbkdf2Sha512,
        "{PBKDF2-SHA512}1000$8PHy8/T19vf4.fr7/P3./w$MLTbc7PEJPkhiiUuLW0zLNozs1L7BhxuHnkhDf/Kd3L/yjA99cJs4kdk.dg3qWzjDeuG0QU69I/w.xHxMbCR5Q",
    ),
    (
        Scheme::Pbkdf2Sha512,
        "{PBKDF2-SHA512}1000$8PHy8/T19vf4+fr7/P3+/w==$MLTbc7PEJPkhiiUuLW0zLNozs1L7BhxuHnkhDf/Kd3L/yjA99cJs4kdk+dg3qWzjDeuG0QU69I/w+xHxMbCR5Q==",
    ),
    (
        Scheme::Argon2,
        "{ARGON2}$argon2id$v=19$m=64,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$MxNJz22VAwgl/3jJwbQWfYwPcSNXvU1IWr3DJZPIDcg",
    ),
    (
        Scheme::Argon2,
        "{ARGON2}$argon2id$v=19$m=64,t=3,p=2$cjIzWlBrRnJCZXVFcHQuLw$1lpS8GhcFjD8yT41QL5miylfHMwV2iLs0qQT6bFvUUs",
    ),
    (
        Scheme::Argon2,
        "{ARGON2}$argon2i$v=19$m=64,t=2,p=1$e81a12ibTH/mrQbHA3Ud9g$PkIdjZ49i57BcGKZWJnJ9NpIKd9msMMrFo1twI7vt7Y",
    ),
    (
        Scheme::Argon2,
        "{ARGON2}$argon2d$v=19$m=256,t=3,p=4$c29tZXNhbHQ$HBLnqdG0AIKxh2PlB4a2aX3KIBO7J+TG",
    ),
    (
        Scheme::Argon2,
        "{ARGON2}$argon2i$v=16$m=64,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$BQpeIDW1vsRA2qghfvPq7Zg8Erc9pCaGj4M+2cgJt/Y",
    ),
];

/// The packed form as 389 Directory Server wrote it, for `Password123`.
const PACKED: &str = "{PBKDF2_SHA256}AAAnEGTxXtnR/oox922/jZyjH6fmiIdW4AwIYZE2LfCVL/SUz5GbAHfjRj4NbN2u8ul0/j/dUzJ4gQSawGALGHZV74nOAtPttoZDTsh7BeGCLD/Ps7vRugwDdz9uPARXzF3bD/8qCpumvRGb4pehzfQsk+FnGgTwi0rUeVaN8a7Kbv8ZpRfU2sd+208F/YL42BWAh/2tv0I4vY7ZsrCZcrUJtgKWy5Nr+t78zmPkrZsX/kgfnGdXhr50kN10cmkLQ0/cZOXo9CAkpeZyFu+wQ5vQdUaES2Vd5kBjJYPCkr4b2ocr4ETQi3IGO2GGCoCetmMIETsudRVSxUNBbva+Vgxin5Apu4wIP/0ZyuGK6TuWLqLnNpmK3RkRx0xjqJ4nN2Ok0ul0XYBJcYIBt4UoaVM2uSa/Etw28Uy+zAsUv2AOiRo5";

fn small() -> Argon2Params {
    Argon2Params::new(64, 2, 1).unwrap()
}

fn verdict(stored: impl AsRef<[u8]>, password: impl AsRef<[u8]>) -> Verdict {
    let mut memory = Memory::new(&small());
    verify(
        stored.as_ref(),
        &Secret::from(password.as_ref()),
        &mut memory,
    )
    .unwrap()
}

fn matches(stored: impl AsRef<[u8]>, password: impl AsRef<[u8]>) -> bool {
    verdict(stored, password) == Verdict::Match
}

#[test]
fn known_answers_match_and_other_passwords_do_not() {
    for (scheme, stored) in KNOWN {
        assert_eq!(check_stored(stored.as_bytes()), Ok(*scheme), "{stored}");
        assert_eq!(classify(stored.as_bytes()), Stored::Hashed(*scheme));
        assert!(matches(stored, PASSWORD), "{stored}");
        assert!(!matches(stored, "pass word"), "{stored}");
        assert!(!matches(stored, ""), "{stored}");
    }
}

#[test]
fn values_of_the_example_directory_match() {
    assert!(matches(
        "{SSHA}5HUYGlTrLoYIbsiNEDTQLGql506ke0CV",
        "frank-secret"
    ));
    assert!(matches(
        "{CRYPT}$6$kitkitkit$cVs0fCj5kBF7k2SQ5dXmzM5SuP7AdDHFXrsKT3YQtgZ5EbEzcM66rbhmbq4rAooqxbVqWwLBU9RD8veoJXPC2/",
        "grace-secret"
    ));
}

#[test]
fn packed_pbkdf2_of_389_directory_server_matches() {
    assert_eq!(
        check_stored(PACKED.as_bytes()),
        Ok(Scheme::Pbkdf2Sha256Packed)
    );
    assert!(matches(PACKED, "Password123"));
    assert!(!matches(PACKED, "Password124"));
}

#[test]
fn scheme_names_are_compared_without_regard_to_case() {
    assert!(matches("{ssha}uPc1yWtOickxyWNLvzpwNjgI8Lfe5Ryr", PASSWORD));
    assert!(matches(
        "{Crypt}$1$abcdefgh$cHEQ93worP4USgc5xGNtp/",
        PASSWORD
    ));
}

#[test]
fn every_scheme_has_the_name_it_is_read_by() {
    for (name, scheme) in NAMES {
        assert_eq!(Scheme::by_name(name), Some(scheme));
        assert_eq!(Scheme::by_name(scheme.name()), Some(scheme));
    }
    assert_eq!(Scheme::Pbkdf2Sha1.to_string(), "{PBKDF2-SHA1}");
}

#[test]
fn only_plain_digests_are_cheap() {
    for (scheme, stored) in KNOWN {
        let plain = !matches!(
            scheme,
            Scheme::Crypt
                | Scheme::Pbkdf2Sha1
                | Scheme::Pbkdf2Sha256
                | Scheme::Pbkdf2Sha512
                | Scheme::Argon2
        );
        let expected = if plain { Cost::Cheap } else { Cost::Expensive };
        assert_eq!(cost(stored.as_bytes()), expected, "{stored}");
        let password = Secret::from(PASSWORD.as_bytes());
        assert_eq!(
            verify_cheap(stored.as_bytes(), &password),
            plain,
            "{stored}"
        );
    }
    assert_eq!(cost(b"clear"), Cost::Cheap);
}

#[test]
fn clear_text_never_matches_itself() {
    for clear in [
        "secret",
        "{secret",
        "{}secret",
        "{a b}secret",
        "{CLEARTEXT}secret",
        "",
    ] {
        assert!(!matches(clear, clear));
        assert!(!matches(clear, "secret"));
    }
}

#[test]
fn a_value_without_a_scheme_name_is_clear_text() {
    let too_long = format!("{{{}}}x", "a".repeat(33));
    for clear in [
        "", "secret", "{", "}", "{}x", "{a b}x", "{ä}x", "x{SSHA}y", &too_long,
    ] {
        assert_eq!(classify(clear.as_bytes()), Stored::ClearText, "{clear}");
        assert_eq!(check_stored(clear.as_bytes()), Err(HashError::ClearText));
    }
    assert_eq!(classify(&[0xff, b'{']), Stored::ClearText);
}

#[test]
fn an_unknown_scheme_is_reported_and_never_shown() {
    assert_eq!(classify(b"{hunter2}x"), Stored::UnknownScheme("hunter2"));
    assert_eq!(check_stored(b"{hunter2}x"), Err(HashError::UnknownScheme));
    assert!(!format!("{:?}", classify(b"{hunter2}x")).contains("hunter2"));
    assert!(!HashError::UnknownScheme.to_string().contains("hunter2"));
}

#[test]
fn other_kinds_of_crypt_are_refused() {
    for kind in [
        "abzlUXK5ed5rs",
        "$2x$04$abc",
        "$7$CU..../....salt$x",
        "$gy$j9T$salt$x",
        "*0",
        "",
    ] {
        let stored = format!("{{CRYPT}}{kind}");
        assert_eq!(
            check_stored(stored.as_bytes()),
            Err(HashError::UnsupportedCrypt),
            "{kind}"
        );
        assert!(!matches(&stored, "pw"));
    }
}

#[test]
fn malformed_values_are_refused_and_never_match() {
    let long_salt = format!("{{SSHA}}{}", "A".repeat(1100));
    let malformed = [
        "{SSHA}",
        "{SSHA}!!!!",
        "{SSHA}/i4CfWuUyOmLaC9O8e9k/TBfbK8=",
        "{SHA}uPc1yWtOickxyWNLvzpwNjgI8Lfe5Ryr",
        "{SHA}/i4CfWuUyOmLaC9O8e9k/TBfbK8===",
        "{MD5}AAAA",
        &long_salt,
        "{CRYPT}$1$abcdefghi$cHEQ93worP4USgc5xGNtp/",
        "{CRYPT}$1$abcdefgh$cHEQ93worP4USgc5xGNtp",
        "{CRYPT}$1$abcdefgh",
        "{CRYPT}$5$0123456789abcdefg$YjO3dwZxrgtyo9GCtf/xPl5xU4GyIc61LKyy7A8oYm/",
        "{CRYPT}$5$rounds=1000$YjO3dwZxrgtyo9GCtf/xPl5xU4GyIc61LKyy7A8oYm/",
        "{CRYPT}$6$rounds=01000$salt$x",
        "{CRYPT}$6$rounds=$salt$x",
        "{CRYPT}$2b$4$abcdefghijklmnopqrstuug0dDbOpa5ZqsJa.0FXc9Cfct0Dpi9wq",
        "{CRYPT}$2b$+4$abcdefghijklmnopqrstuug0dDbOpa5ZqsJa.0FXc9Cfct0Dpi9wq",
        "{CRYPT}$2b$04$abcdefghijklmnopqrstuug0dDbOpa5ZqsJa.0FXc9Cfct0Dpi9wqX",
        "{CRYPT}$2b$04$abcdefghijklmnopqrs!uug0dDbOpa5ZqsJa.0FXc9Cfct0Dpi9wq",
        "{CRYPT}$2b$04$",
        "{CRYPT}$y$j9T$salt$",
        "{CRYPT}$y$$salt$iyOpp5QHbHGSLJ88UX4Ks72euI4M/urW/t.oUKb4xk6",
        "{CRYPT}$y$j75zzz$salt$iyOpp5QHbHGSLJ88UX4Ks72euI4M/urW/t.oUKb4xk6",
        "{CRYPT}$y$j95.0$salt$iyOpp5QHbHGSLJ88UX4Ks72euI4M/urW/t.oUKb4xk6",
        "{PBKDF2-SHA256}",
        "{PBKDF2-SHA256}1000$AAAA",
        "{PBKDF2-SHA256}-1$AAAA$m18r9ma1x45oYm4//xtR6P1lAbxTR6yUUoVGdI/DVF0",
        "{PBKDF2-SHA256}1000$AAAA$AAAA",
        "{PBKDF2-SHA256}1000$AAAA$m18r9ma1x45oYm4//xtR6P1lAbxTR6yUUoVGdI/DVF0$",
        "{PBKDF2_SHA256}AAAnEGTx",
        "{ARGON2}$argon2id$v=19$m=64,t=2,p=1$AAECAwQFBgcICQoLDA0ODw",
        "{ARGON2}$argon2x$v=19$m=64,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$MxNJz22VAwgl/3jJwbQWfYwPcSNXvU1IWr3DJZPIDcg",
        "{ARGON2}$argon2id$v=20$m=64,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$MxNJz22VAwgl/3jJwbQWfYwPcSNXvU1IWr3DJZPIDcg",
        "{ARGON2}$argon2id$v=19$m=64,t=2$AAECAwQFBgcICQoLDA0ODw$MxNJz22VAwgl/3jJwbQWfYwPcSNXvU1IWr3DJZPIDcg",
        "{ARGON2}$argon2id$v=19$m=64,t=2,p=1,data=AAAA$AAECAwQFBgcICQoLDA0ODw$MxNJz22VAwgl/3jJwbQWfYwPcSNXvU1IWr3DJZPIDcg",
        "{ARGON2}$argon2id$v=19$m=64,t=2,p=1$AAECAw$MxNJz22VAwgl/3jJwbQWfYwPcSNXvU1IWr3DJZPIDcg",
        "{ARGON2}$argon2id$v=19$m=64,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$MxNJz20",
        "{ARGON2}argon2id",
    ];
    for stored in malformed {
        let refused = check_stored(stored.as_bytes());
        assert!(
            matches!(refused, Err(HashError::Malformed { .. })),
            "{stored}: {refused:?}"
        );
        assert_eq!(
            verdict(stored, PASSWORD),
            Verdict::NoMatch { derived: false }
        );
        assert_eq!(cost(stored.as_bytes()), Cost::Cheap);
    }
}

#[test]
fn costs_beyond_the_limits_are_refused_before_anything_is_computed() {
    let packed_with = |rounds: u32| {
        let mut packed = rounds.to_be_bytes().to_vec();
        packed.resize(324, 0);
        format!(
            "{{PBKDF2_SHA256}}{}",
            Base64Unpadded::encode_string(&packed)
        )
    };
    let argon2 = |costs: &str| {
        format!(
            "{{ARGON2}}$argon2id$v=19${costs}$AAECAwQFBgcICQoLDA0ODw$MxNJz22VAwgl/3jJwbQWfYwPcSNXvU1IWr3DJZPIDcg"
        )
    };
    let sha512 = |rounds: &str| format!("{{CRYPT}}$6$rounds={rounds}$salt${}", ".".repeat(86));
    let bcrypt = |cost: &str| format!("{{CRYPT}}$2b${cost}${}", ".".repeat(53));
    let yescrypt = |params: &str| format!("{{CRYPT}}$y${params}$salt${}", ".".repeat(43));
    let pbkdf2 = |rounds: &str| {
        format!("{{PBKDF2-SHA256}}{rounds}$AAAA$m18r9ma1x45oYm4//xtR6P1lAbxTR6yUUoVGdI/DVF0")
    };

    let refused = [
        argon2("m=262145,t=1,p=1"),
        argon2("m=4294967296,t=1,p=1"),
        argon2("m=7,t=1,p=1"),
        argon2("m=15,t=1,p=2"),
        argon2("m=64,t=17,p=1"),
        argon2("m=64,t=0,p=1"),
        argon2("m=1024,t=1,p=17"),
        argon2("m=64,t=1,p=0"),
        sha512("5000001"),
        sha512("999"),
        sha512("18446744073709551615"),
        bcrypt("17"),
        bcrypt("03"),
        pbkdf2("10000001"),
        pbkdf2("0"),
        packed_with(1_250_001),
        packed_with(0),
        yescrypt("jHT"),
        yescrypt("jkCT"),
        yescrypt("j9kE"),
    ];
    for stored in &refused {
        let refusal = check_stored(stored.as_bytes());
        assert!(
            matches!(refusal, Err(HashError::CostOutOfRange { .. })),
            "{stored}: {refusal:?}"
        );
        assert_eq!(verdict(stored, "x"), Verdict::NoMatch { derived: false });
    }

    let accepted = [
        argon2("m=262144,t=16,p=16"),
        sha512("5000000"),
        bcrypt("16"),
        pbkdf2("10000000"),
        packed_with(1_250_000),
        yescrypt("jDT"),
    ];
    for stored in &accepted {
        assert!(check_stored(stored.as_bytes()).is_ok(), "{stored}");
    }
}

#[test]
fn refusals_name_the_parameter_and_its_limits() {
    let error = check_stored(format!("{{CRYPT}}$2b$31${}", ".".repeat(53)).as_bytes()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "{CRYPT}: bcrypt cost of 31 is outside 4 to 16; set the password itself"
    );
    let error = check_stored(b"{SSHA}AAAA").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the {SSHA} value is malformed: the digest is too short"
    );
}

#[test]
fn changing_any_character_of_a_digest_breaks_the_match() {
    for (scheme, stored) in KNOWN {
        let start = stored.rfind(['}', '$']).unwrap() + 1;
        // Derivations are tried at a few positions only, to stay quick.
        let step = if cost(stored.as_bytes()) == Cost::Cheap {
            1
        } else {
            11
        };
        for position in (start..stored.len()).step_by(step) {
            let mut changed = stored.as_bytes().to_vec();
            changed[position] = if changed[position] == b'A' {
                b'B'
            } else {
                b'A'
            };
            assert!(!matches(&changed, PASSWORD), "{scheme} {position}");
        }
    }
}

#[test]
fn upgrades_are_due_for_whatever_is_not_argon2() {
    for (scheme, stored) in KNOWN {
        if *scheme != Scheme::Argon2 {
            assert!(needs_upgrade(stored.as_bytes(), &small()), "{stored}");
        }
    }
    assert!(needs_upgrade(b"secret", &small()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_new_hash_matches_its_password_and_no_other(
        password in prop::collection::vec(any::<u8>(), 1..100),
        other in prop::collection::vec(any::<u8>(), 1..100),
        salt in any::<[u8; 16]>(),
    ) {
        let params = small();
        let mut memory = Memory::new(&params);
        let stored = hash(&Secret::from(password.clone()), &salt, &params, &mut memory).unwrap();
        prop_assert_eq!(check_stored(&stored), Ok(Scheme::Argon2));
        prop_assert!(!needs_upgrade(&stored, &params));
        prop_assert!(matches(&stored, &password));
        prop_assert_eq!(matches(&stored, &other), password == other);
    }

    #[test]
    fn hostile_values_are_judged_without_panic(
        name in prop::sample::select(NAMES.map(|(name, _)| name).to_vec()),
        body in "(\\$[a-z0-9=,./]{0,40}){0,6}|[0-9]{0,22}\\$[A-Za-z0-9+/=.$]{0,90}|\\PC{0,40}",
        noise in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let stored = format!("{{{name}}}{body}");
        if check_stored(stored.as_bytes()).is_err() {
            prop_assert_eq!(verdict(&stored, "x"), Verdict::NoMatch { derived: false });
        }
        let _ = (check_stored(&noise), classify(&noise), cost(&noise));
        prop_assert!(!matches(&noise, "x"));
    }

    #[test]
    fn known_values_with_one_byte_changed_are_judged_without_panic(
        (_, stored) in prop::sample::select(KNOWN.to_vec()),
        position in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut changed = stored.as_bytes().to_vec();
        let position = position.index(changed.len());
        changed[position] = byte;
        if check_stored(&changed).is_err() {
            prop_assert_eq!(verdict(&changed, PASSWORD), Verdict::NoMatch { derived: false });
        }
    }
}
