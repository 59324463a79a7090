use russh::keys::ssh_key::certificate::Builder;
use russh::keys::{PrivateKey, key::safe_rng};

use super::*;

fn key() -> PrivateKey {
    PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519).expect("a key")
}

fn ecdsa() -> PrivateKey {
    PrivateKey::random(&mut safe_rng(), Algorithm::Ecdsa { curve: russh::keys::EcdsaCurve::NistP256 }).expect("a key")
}

fn line_of(key: &PrivateKey) -> String {
    key.public_key().to_openssh().expect("encodes")
}

fn known(text: &str) -> KnownHosts {
    let mut known = KnownHosts::default();
    known.parse(Path::new("kh"), text);
    known
}

fn verdict(text: &str, host: &str, port: u16, key: &PrivateKey) -> Verdict {
    known(text).check(&HostName::new(host, port), &key.public_key().clone().into())
}

fn place(line: usize) -> Place {
    Place { file: "kh".into(), line }
}

fn hashed(name: &str) -> String {
    let salt = [7; 20];
    let mut mac = Hmac::<Sha1>::new_from_slice(&salt).expect("any length");
    mac.update(name.as_bytes());
    format!("|1|{}|{}", BASE64.encode(salt), BASE64.encode(mac.finalize().into_bytes()))
}

#[test]
fn every_way_to_write_a_host() {
    let mine = key();
    let k = line_of(&mine);
    for (hosts, host, port, expected) in [
        ("web", "web", 22, true),
        ("web", "WEB", 22, true),
        ("Web", "web", 22, true),
        ("web", "webs", 22, false),
        ("a,web,10.0.0.1", "10.0.0.1", 22, true),
        ("[web]:2222", "web", 2222, true),
        ("[web]:2222", "web", 22, false),
        ("[web]:2222", "web", 2223, false),
        ("web", "web", 2222, true),
        ("*.example", "a.example", 22, true),
        ("[*.example]:2222", "a.example", 2222, true),
        ("*.example,!b.example", "b.example", 22, false),
        ("!b.example", "a.example", 22, false),
        ("10.0.0.?", "10.0.0.7", 22, true),
        ("[2001:db8::1]:2222", "2001:db8::1", 2222, true),
        ("2001:db8::1", "2001:db8::1", 22, true),
        (&hashed("web"), "web", 22, true),
        (&hashed("web"), "wen", 22, false),
        (&hashed("[web]:2222"), "web", 2222, true),
    ] {
        let expected = if expected { Verdict::Known } else { Verdict::Unknown };
        assert_eq!(verdict(&format!("{hosts} {k}\n"), host, port, &mine), expected, "{hosts} {host} {port}");
        assert_eq!(verdict(&format!("{hosts}\t{k} a comment, with [odd] things\r\n"), host, port, &mine), expected, "tab: {hosts}");
    }
}

#[test]
fn a_changed_key_names_the_line_of_the_same_kind_of_key() {
    let (old, other_kind, new) = (key(), ecdsa(), key());
    let text = format!("# first\nweb {}\nweb {}\n", line_of(&other_kind), line_of(&old));
    let expected = Verdict::Changed { place: place(3), known: fingerprint(old.public_key().key_data()) };
    assert_eq!(verdict(&text, "web", 22, &new), expected);
    assert_eq!(verdict(&text, "web", 22, &old), Verdict::Known);
}

#[test]
fn a_key_of_another_kind_than_the_known_ones_is_a_change_too() {
    let (old, new) = (key(), ecdsa());
    let expected = Verdict::Changed { place: place(1), known: fingerprint(old.public_key().key_data()) };
    assert_eq!(verdict(&format!("web {}\n", line_of(&old)), "web", 22, &new), expected);
}

#[test]
fn a_revoked_key_is_refused_wherever_else_it_stands() {
    let mine = key();
    let text = format!("web {0}\n@revoked * {0}\n", line_of(&mine));
    assert_eq!(verdict(&text, "web", 22, &mine), Verdict::Revoked(place(2)));
    assert_eq!(verdict(&text, "web", 2222, &mine), Verdict::Revoked(place(2)));
}

#[test]
fn senseless_lines_are_passed_over_with_a_warning() {
    let mine = key();
    let text = format!("web\n@nonsense web {0}\nweb ssh-ed25519 %%%\n|1|xx {0}\nweb {0}\n", line_of(&mine));
    let known = known(&text);
    assert_eq!(known.check(&HostName::new("web", 22), &mine.public_key().clone().into()), Verdict::Known);
    assert_eq!(known.warnings.len(), 4, "{:?}", known.warnings);
    assert!(known.warnings[0].starts_with("kh:1: "), "{}", known.warnings[0]);
}

#[test]
fn known_kinds_of_keys_come_first() {
    let (a, b) = (ecdsa(), key());
    let text = format!("other {}\nweb {}\nweb {}\n", line_of(&b), line_of(&a), line_of(&b));
    assert_eq!(known(&text).algorithms(&HostName::new("web", 22)), [a.algorithm(), b.algorithm()]);
    assert_eq!(known(&text).algorithms(&HostName::new("web", 2022)), [a.algorithm(), b.algorithm()]);
    assert!(known(&text).algorithms(&HostName::new("new", 22)).is_empty());
}

fn certificate(authority: &PrivateKey, host: &PrivateKey, kind: CertType, principals: &[&str], valid: std::ops::Range<u64>) -> Certificate {
    let mut builder =
        Builder::new_with_random_nonce(&mut safe_rng(), host.public_key().key_data().clone(), valid.start, valid.end).expect("a builder");
    builder.cert_type(kind).expect("kind");
    builder.key_id("test").expect("id");
    for principal in principals {
        builder.valid_principal(*principal).expect("principal");
    }
    if principals.is_empty() {
        builder.all_principals_valid().expect("principals");
    }
    builder.sign(authority).expect("signs")
}

#[test]
fn certificates_of_a_trusted_authority() {
    let (authority, stranger, host) = (key(), key(), key());
    let always = 0..u64::MAX / 2;
    let known = known(&format!("@cert-authority *.lab {}\n", line_of(&authority)));
    let judge = |certificate: Certificate, name: &str| known.check(&HostName::new(name, 2222), &certificate.into());
    let make = |principals: &[&str]| certificate(&authority, &host, CertType::Host, principals, always.clone());

    assert_eq!(judge(make(&["a.lab"]), "a.lab"), Verdict::Known);
    assert_eq!(judge(make(&["*.lab"]), "a.lab"), Verdict::Known);
    assert_eq!(judge(make(&[]), "a.lab"), Verdict::Known);
    assert!(known.has_authority(&HostName::new("a.lab", 22)));
    assert!(!known.has_authority(&HostName::new("a.web", 22)));
    // Not the authority's business, or not an authority.
    assert_eq!(judge(make(&["a.web"]), "a.web"), Verdict::Unknown);
    assert_eq!(judge(certificate(&stranger, &host, CertType::Host, &["a.lab"], always.clone()), "a.lab"), Verdict::Unknown);
    // Faults.
    assert!(matches!(judge(make(&["b.lab"]), "a.lab"), Verdict::BadCertificate(why) if why.contains("`b.lab`")));
    let user = certificate(&authority, &host, CertType::User, &["a.lab"], always);
    assert!(matches!(judge(user, "a.lab"), Verdict::BadCertificate(_)));
    let old = certificate(&authority, &host, CertType::Host, &["a.lab"], 1..2);
    assert!(matches!(judge(old, "a.lab"), Verdict::BadCertificate(why) if why.contains("time")));
}

#[test]
fn a_revoked_authority_is_none() {
    let (authority, host) = (key(), key());
    let text = format!("@cert-authority * {0}\n@revoked * {0}\n", line_of(&authority));
    let certificate = certificate(&authority, &host, CertType::Host, &["web"], 0..u64::MAX / 2);
    assert_eq!(known(&text).check(&HostName::new("web", 22), &certificate.into()), Verdict::Revoked(place(2)));
}

#[test]
fn remembering_adds_a_line_once_and_keeps_what_is_there() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("new/.ssh/known_hosts");
    let (first, second) = (key(), ecdsa());
    remember(&file, &HostName::new("Web", 2222), first.public_key()).expect("remembers");
    remember(&file, &HostName::new("web", 2222), first.public_key()).expect("remembers");
    fs::write(&file, fs::read_to_string(&file).expect("reads").trim_end()).expect("writes");
    remember(&file, &HostName::new("db", 22), second.public_key()).expect("remembers");
    let text = fs::read_to_string(&file).expect("reads");
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.starts_with("[web]:2222 ssh-ed25519 "), "{text}");
    let known = KnownHosts::load(&[dir.path().join("none"), file]);
    assert!(known.warnings.is_empty());
    assert_eq!(known.check(&HostName::new("db", 22), &second.public_key().clone().into()), Verdict::Known);
}
