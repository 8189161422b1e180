//! Certificates for tests, and TLS from the client's side.
//!
//! Owns authorities made for one test. Which of their certificates a server or a client gets is the test's business.

#![allow(dead_code)]

use std::fs;
use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, SanType,
};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, IpAddr as Address, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::client::Client;

/// A connection under TLS.
pub type Secured = StreamOwned<ClientConnection, TcpStream>;

/// One who signs certificates.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate with its key, as PEM.
pub struct Issued {
    pub certificate: String,
    pub key: String,
}

impl Authority {
    /// An authority of this name, known to nobody yet.
    pub fn new(name: &str) -> Authority {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().unwrap();
        Authority(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    /// Its own certificate as PEM.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for a server on 127.0.0.1.
    pub fn server(&self) -> Issued {
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST))];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.issue(params)
    }

    /// A certificate for a client whose subject is made of these parts, the most general first.
    pub fn client(&self, subject: &[(DnType, &str)]) -> Issued {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        for (kind, value) in subject {
            params.distinguished_name.push(kind.clone(), *value);
        }
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(params)
    }

    /// A client certificate for a subject in openssl's spelling, which may have several parts of one type; made in a folder.
    pub fn client_by_openssl(&self, subject: &str, folder: &Path) -> Issued {
        let at = |name: &str| folder.join(name);
        fs::write(at("signer.pem"), self.pem()).unwrap();
        fs::write(at("signer.key"), self.0.key().serialize_pem()).unwrap();
        let request = "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -utf8 -addext keyUsage=digitalSignature -keyout own.key -out own.csr";
        let sign = "x509 -req -days 2 -copy_extensions copy -CA signer.pem -CAkey signer.key -CAcreateserial -in own.csr -out own.pem";
        for (arguments, more) in [(request, &["-subj", subject][..]), (sign, &[])] {
            let made = Command::new("openssl")
                .args(arguments.split(' '))
                .args(more)
                .current_dir(folder)
                .output()
                .expect("openssl is installed");
            assert!(made.status.success(), "{made:?}");
        }
        Issued {
            certificate: fs::read_to_string(at("own.pem")).unwrap(),
            key: fs::read_to_string(at("own.key")).unwrap(),
        }
    }

    fn issue(&self, params: CertificateParams) -> Issued {
        let key = KeyPair::generate().unwrap();
        Issued {
            certificate: params.signed_by(&key, &self.0).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }
}

impl Issued {
    /// Puts both where the configuration names them.
    pub fn write(&self, certificate: &Path, key: &Path) {
        fs::write(certificate, &self.certificate).unwrap();
        fs::write(key, &self.key).unwrap();
        fs::set_permissions(key, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

/// A client that trusts an authority given as PEM, and shows a certificate or none.
pub fn trusting(authority: &str, shown: Option<&Issued>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap())
        .unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    Arc::new(match shown {
        None => config.with_no_client_auth(),
        Some(issued) => config
            .with_client_auth_cert(
                vec![CertificateDer::from_pem_slice(issued.certificate.as_bytes()).unwrap()],
                PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).unwrap(),
            )
            .unwrap(),
    })
}

/// Begins TLS on a connection. The handshake is done by the first use of it.
pub fn secured(client: Client, config: &Arc<ClientConfig>) -> Client<Secured> {
    let name = ServerName::IpAddress(Address::V4(Ipv4Addr::LOCALHOST.into()));
    let connection = ClientConnection::new(Arc::clone(config), name).unwrap();
    Client(StreamOwned::new(connection, client.0))
}
