//! Real handshakes over a pipe in memory, and each way the files can be wrong.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rcgen::{
    CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, HandshakeKind, ProtocolVersion};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::*;

fn now() -> SystemTime {
    SystemTime::now()
}

/// Development certificates in a folder, and the settings that name them.
fn development() -> (TempDir, Tls) {
    let folder = tempfile::tempdir().unwrap();
    generate_development(folder.path(), now()).unwrap();
    let config = Tls {
        certificate: folder.path().join("server.pem"),
        key: folder.path().join("server.key"),
        client_ca: None,
        subject_is_dn: false,
        subject_map: Vec::new(),
        minimum_version: TlsVersion::V1_2,
    };
    (folder, config)
}

fn refusal(config: Tls) -> String {
    TlsSettings::load(config, now()).unwrap_err().to_string()
}

fn write_key(path: &Path, text: &str, mode: u32) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn client(folder: &Path, identity: Option<Identity>, version: TlsVersion) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_file(folder.join("ca.pem")).unwrap();
    roots.add(authority).unwrap();
    let versions: &[_] = match version {
        TlsVersion::V1_2 => &[&TLS12],
        TlsVersion::V1_3 => &[&TLS13],
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    Arc::new(match identity {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key).unwrap(),
        None => builder.with_no_client_auth(),
    })
}

#[derive(Debug)]
struct Outcome {
    kind: HandshakeKind,
    version: ProtocolVersion,
    peer: Option<Vec<u8>>,
}

/// One connection: handshake, a byte each way, close. What the server saw.
async fn connect(
    server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
    name: &str,
) -> io::Result<Outcome> {
    let (near, far) = duplex(65_536);
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let asked = tokio::spawn(async move {
        let mut stream = TlsConnector::from(client).connect(name, near).await?;
        stream.write_all(b"a").await?;
        let byte = stream.read_u8().await?;
        stream.shutdown().await?;
        io::Result::Ok(byte)
    });
    let served = async {
        let mut stream = TlsAcceptor::from(server).accept(far).await?;
        let byte = stream.read_u8().await?;
        stream.write_all(&[byte]).await?;
        stream.flush().await?;
        let connection = stream.get_ref().1;
        let outcome = Outcome {
            kind: connection.handshake_kind().unwrap(),
            version: connection.protocol_version().unwrap(),
            peer: connection
                .peer_certificates()
                .map(|chain| chain[0].to_vec()),
        };
        // Until the client has hung up, it may still need what was written.
        while stream.read(&mut [0; 16]).await? > 0 {}
        io::Result::Ok(outcome)
    }
    .await;
    let asked = asked.await.unwrap();
    let outcome = served?;
    assert_eq!(asked?, b'a');
    Ok(outcome)
}

use std::io;

#[tokio::test]
async fn both_versions_are_spoken_and_all_three_names_are_good() {
    let (folder, config) = development();
    let (settings, warnings) = TlsSettings::load(config, now()).unwrap();
    assert_eq!(warnings, []);
    for (version, expected) in [
        (TlsVersion::V1_2, ProtocolVersion::TLSv1_2),
        (TlsVersion::V1_3, ProtocolVersion::TLSv1_3),
    ] {
        for name in ["localhost", "127.0.0.1", "::1"] {
            let client = client(folder.path(), None, version);
            let outcome = connect(settings.current(), client, name).await.unwrap();
            assert_eq!(outcome.version, expected);
            assert_eq!(outcome.peer, None);
        }
    }
    let client = client(folder.path(), None, TlsVersion::V1_3);
    assert!(
        connect(settings.current(), client, "example.org")
            .await
            .is_err()
    );
}

#[tokio::test]
async fn the_minimum_version_is_kept() {
    let (folder, mut config) = development();
    config.minimum_version = TlsVersion::V1_3;
    let (settings, _) = TlsSettings::load(config, now()).unwrap();
    let old = client(folder.path(), None, TlsVersion::V1_2);
    assert!(connect(settings.current(), old, "localhost").await.is_err());
    let new = client(folder.path(), None, TlsVersion::V1_3);
    assert!(connect(settings.current(), new, "localhost").await.is_ok());
}

#[tokio::test]
async fn sessions_are_resumed_until_a_reload() {
    let (folder, config) = development();
    let (settings, _) = TlsSettings::load(config, now()).unwrap();
    for version in [TlsVersion::V1_2, TlsVersion::V1_3] {
        let client = client(folder.path(), None, version);
        let connect = || connect(settings.current(), Arc::clone(&client), "localhost");
        assert_eq!(connect().await.unwrap().kind, HandshakeKind::Full);
        assert_eq!(connect().await.unwrap().kind, HandshakeKind::Resumed);
        settings.reload(now()).unwrap();
        assert_eq!(connect().await.unwrap().kind, HandshakeKind::Full);
    }
}

/// An authority for clients, written to a file, and a certificate it issued.
fn client_identity(path: &Path) -> Identity {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
        .distinguished_name
        .push(DnType::OrganizationName, path.to_str().unwrap());
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    fs::write(path, authority.pem()).unwrap();

    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::OrganizationName, "Example");
    params.distinguished_name.push(DnType::CommonName, "backup");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let certificate = params.signed_by(&key, &authority).unwrap();
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    (vec![certificate.der().clone()], key.into())
}

#[tokio::test]
async fn a_client_certificate_is_optional_and_must_lead_to_the_client_authority() {
    let (folder, mut config) = development();
    let trusted = folder.path().join("clients.pem");
    let known = client_identity(&trusted);
    let stranger = client_identity(&folder.path().join("strangers.pem"));
    config.client_ca = Some(trusted);
    let (settings, _) = TlsSettings::load(config, now()).unwrap();
    for version in [TlsVersion::V1_2, TlsVersion::V1_3] {
        let client = |identity| client(folder.path(), identity, version);
        let connect = |client| connect(settings.current(), client, "localhost");

        let none = connect(client(None)).await.unwrap();
        assert_eq!(none.peer, None);

        let with = client(Some((known.0.clone(), known.1.clone_key())));
        for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
            let outcome = connect(Arc::clone(&with)).await.unwrap();
            assert_eq!(outcome.kind, kind);
            // Known on a resumed session as well.
            let subject = peer_subject(&outcome.peer.unwrap()).unwrap();
            assert_eq!(subject[0][0].value, "backup");
            assert_eq!(subject[1][0].value, "Example");
        }

        let unknown = client(Some((stranger.0.clone(), stranger.1.clone_key())));
        assert!(connect(unknown).await.is_err());
    }
}

#[tokio::test]
async fn a_reload_takes_the_new_certificate_and_a_failed_one_keeps_the_old() {
    let (folder, config) = development();
    let (settings, _) = TlsSettings::load(config, now()).unwrap();
    let before = settings.current();

    let (other, _) = development();
    fs::copy(
        other.path().join("server.pem"),
        folder.path().join("server.pem"),
    )
    .unwrap();
    let error = settings.reload(now()).unwrap_err().to_string();
    assert!(error.contains("is not the key of"), "{error}");
    assert!(Arc::ptr_eq(&before, &settings.current()));

    fs::copy(
        other.path().join("server.key"),
        folder.path().join("server.key"),
    )
    .unwrap();
    settings.reload(now()).unwrap();
    let new = client(other.path(), None, TlsVersion::V1_3);
    assert!(connect(settings.current(), new, "localhost").await.is_ok());
    let old = client(folder.path(), None, TlsVersion::V1_3);
    assert!(connect(settings.current(), old, "localhost").await.is_err());
}

#[test]
fn a_missing_file_is_named() {
    let (folder, config) = development();
    for name in ["server.key", "server.pem"] {
        fs::remove_file(folder.path().join(name)).unwrap();
        let message = refusal(config.clone());
        assert!(
            message.contains(name) && message.contains("hedgerow init"),
            "{message}"
        );
    }
}

#[test]
fn a_key_that_everybody_can_read_is_refused_and_the_group_may() {
    let (folder, config) = development();
    let key = folder.path().join("server.key");
    for mode in [0o644, 0o604, 0o601] {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        let message = refusal(config.clone());
        assert!(message.contains(&format!("mode {mode:o}")), "{message}");
        assert!(message.contains("chmod 640"), "{message}");
    }
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(TlsSettings::load(config, now()).is_ok());
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let (folder, config) = development();
    let other = KeyPair::generate().unwrap().serialize_pem();
    write_key(&folder.path().join("server.key"), &other, 0o600);
    assert!(refusal(config).contains("is not the key of the first certificate"));
}

#[test]
fn an_authority_before_the_certificate_is_refused_with_the_right_order() {
    let (folder, config) = development();
    let server = fs::read_to_string(&config.certificate).unwrap();
    let authority = fs::read_to_string(folder.path().join("ca.pem")).unwrap();
    fs::write(&config.certificate, authority + &server).unwrap();
    assert!(refusal(config).contains("certificate comes first"));
}

#[test]
fn a_file_without_the_expected_part_is_refused() {
    let (folder, mut config) = development();
    fs::write(&config.certificate, "nothing here\n").unwrap();
    assert!(refusal(config.clone()).contains("holds no certificate"));

    config.certificate = folder.path().join("ca.pem");
    write_key(&config.key, "nothing here\n", 0o600);
    assert!(refusal(config.clone()).contains("holds no private key"));

    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    write_key(&config.key, encrypted, 0o600);
    assert!(refusal(config).contains("passphrase"));
}

#[test]
fn damaged_files_are_refused_without_showing_what_they_hold() {
    let (_folder, config) = development();
    let key = fs::read_to_string(&config.key).unwrap();
    let secret = key.lines().nth(1).unwrap().to_owned();
    for damaged in [
        key.replace("-----END", "-----FIN"),
        key.replacen(&secret, &format!("{secret}!!"), 1),
        key.replacen(&secret, &secret[4..], 1),
    ] {
        write_key(&config.key, &damaged, 0o600);
        let message = refusal(config.clone());
        assert!(!message.contains(&secret[4..]), "{message}");
        let debug = format!(
            "{:?}",
            TlsSettings::load(config.clone(), now()).unwrap_err()
        );
        assert!(!debug.contains(&secret[4..]), "{debug}");
    }
}

#[test]
fn a_certificate_that_is_none_is_refused() {
    let (_folder, config) = development();
    let text = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    fs::write(&config.certificate, text).unwrap();
    assert!(refusal(config).contains("not an X.509 certificate"));
}

#[test]
fn a_client_authority_must_be_a_certificate() {
    let (folder, mut config) = development();
    let path = folder.path().join("clients.pem");
    config.client_ca = Some(path.clone());
    assert!(refusal(config.clone()).contains("clients.pem"));
    fs::write(
        &path,
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    assert!(refusal(config).contains("not usable as client_ca"));
}

#[test]
fn a_certificate_out_of_its_time_is_a_warning() {
    let (_folder, config) = development();
    let day = Duration::from_secs(24 * 3600);
    for (then, expected) in [
        (now() + day * 900, "ended on"),
        (now() - day * 9, "does not begin before"),
        (now() + day * 815, "ends on"),
    ] {
        let (_, warnings) = TlsSettings::load(config.clone(), then).unwrap();
        // The server's certificate and its authority's.
        assert_eq!(warnings.len(), 2);
        let text = warnings[0].to_string();
        assert!(
            text.contains("CN=localhost") && text.contains(expected),
            "{text}"
        );
    }
    let (_, warnings) = TlsSettings::load(config, now() + day * 800).unwrap();
    assert_eq!(warnings, []);
}
