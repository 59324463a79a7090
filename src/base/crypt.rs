//! Password hashes of `/etc/shadow` and of password files of web servers: SHA-crypt, MD5-crypt and bcrypt.

use base64::Engine as _;
use sha2::Digest;

/// The digits of these hashes, by value.
const DIGITS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A way to hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// MD5-crypt.
    Md5,
    /// SHA-crypt with SHA-256.
    Sha256,
    /// SHA-crypt with SHA-512.
    Sha512,
    /// Blowfish.
    Bcrypt,
}

/// What can be said about a hash.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// The salt; made at random when absent.
    pub salt: Option<&'a str>,
    /// Characters of a salt that is made.
    pub salt_size: Option<usize>,
    /// How often to hash; for bcrypt the logarithm of that.
    pub rounds: Option<u32>,
    /// The variant of bcrypt, such as `2b`.
    pub ident: Option<&'a str>,
}

impl Scheme {
    /// The scheme called `name`.
    ///
    /// # Errors
    /// A message, when there is none or it is not supported.
    pub fn parse(name: &str) -> Result<Self, String> {
        match name.strip_suffix("_crypt").unwrap_or(name) {
            "md5" => Ok(Self::Md5),
            "sha256" => Ok(Self::Sha256),
            "sha512" => Ok(Self::Sha512),
            "bcrypt" | "blowfish" => Ok(Self::Bcrypt),
            _ => Err(format!("the scheme `{name}` is not supported; sha512, sha256, md5 and bcrypt are")),
        }
    }

    /// Characters of salt when none is given.
    pub fn salt_size(self) -> usize {
        match self {
            Self::Md5 => 8,
            Self::Sha256 | Self::Sha512 => 16,
            Self::Bcrypt => 22,
        }
    }
}

/// A random salt of `size` characters.
pub fn random_salt(size: usize) -> String {
    (0..size.clamp(1, 22)).map(|_| char::from(digit(u32::from(rand::random::<u8>() & 63)))).collect()
}

/// The hash of a password.
///
/// # Errors
/// A message: the salt or the rounds are not those of the scheme.
pub fn hash(scheme: Scheme, password: &str, options: &Options<'_>) -> Result<String, String> {
    let most = scheme.salt_size();
    if options.salt.is_none()
        && let Some(size) = options.salt_size
        && (size == 0 || size > most || (scheme == Scheme::Bcrypt && size != most))
    {
        let fits = if scheme == Scheme::Bcrypt { "22".to_owned() } else { format!("1 to {most}") };
        return Err(format!("a salt of {size} characters does not fit, it has {fits}"));
    }
    let made = random_salt(options.salt_size.unwrap_or(most));
    let salt = options.salt.unwrap_or(&made);
    if let Some(wrong) = salt.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '/')) {
        return Err(format!("the salt may have letters, digits, `.` and `/` only, not `{wrong}`"));
    }
    if salt.is_empty() || salt.len() > most {
        return Err(format!("the salt must have 1 to {most} characters"));
    }
    match scheme {
        Scheme::Md5 => Ok(md5_crypt(password.as_bytes(), salt, "$1$")),
        Scheme::Sha256 => sha_crypt::<sha2::Sha256>(password.as_bytes(), salt, options.rounds.unwrap_or(535_000), "5", SHA256_ORDER),
        Scheme::Sha512 => sha_crypt::<sha2::Sha512>(password.as_bytes(), salt, options.rounds.unwrap_or(656_000), "6", SHA512_ORDER),
        Scheme::Bcrypt => bcrypt(password, salt, options.rounds.unwrap_or(12), options.ident.unwrap_or("2b")),
    }
}

fn bcrypt(password: &str, salt: &str, rounds: u32, ident: &str) -> Result<String, String> {
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
    let version = match ident {
        "2a" => bcrypt::Version::TwoA,
        "2b" => bcrypt::Version::TwoB,
        "2x" => bcrypt::Version::TwoX,
        "2y" => bcrypt::Version::TwoY,
        other => return Err(format!("there is no bcrypt `{other}`; 2b, 2a, 2x and 2y are known")),
    };
    // The last character of a salt stands for two bits, the other four are passed over.
    let lenient =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_decode_allow_trailing_bits(true);
    let bytes =
        GeneralPurpose::new(&base64::alphabet::BCRYPT, lenient).decode(salt).ok().and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
    let bytes = bytes.ok_or_else(|| "the salt of bcrypt must have 22 characters".to_owned())?;
    let parts = bcrypt::hash_with_salt(password, rounds, bytes).map_err(|error| error.to_string())?;
    Ok(parts.format_for_version(version))
}

/// Whether `hash`, of one of the schemes here, is that of the password; `None` when it is of none of them.
pub fn verify(password: &str, hash: &str) -> Option<bool> {
    let mut parts = hash.strip_prefix('$')?.split('$');
    let id = parts.next()?;
    if id.starts_with('2') {
        return bcrypt::verify(password, hash).ok();
    }
    let mut salt = parts.next()?;
    let mut rounds = 5000;
    if let Some(count) = salt.strip_prefix("rounds=") {
        rounds = count.parse().ok()?;
        salt = parts.next()?;
    }
    let again = match id {
        "1" => md5_crypt(password.as_bytes(), salt, "$1$"),
        "apr1" => md5_crypt(password.as_bytes(), salt, "$apr1$"),
        "5" => sha_crypt::<sha2::Sha256>(password.as_bytes(), salt, rounds, "5", SHA256_ORDER).ok()?,
        "6" => sha_crypt::<sha2::Sha512>(password.as_bytes(), salt, rounds, "6", SHA512_ORDER).ok()?,
        _ => return None,
    };
    Some(again == hash)
}

/// One of the 64 digits of these hashes.
pub fn digit(value: u32) -> u8 {
    DIGITS.get((value & 63) as usize).copied().unwrap_or(b'.')
}

/// Appends up to three bytes as digits, lowest first.
fn encode(bytes: [u8; 3], digits: usize, out: &mut String) {
    let [high, middle, low] = bytes;
    let mut value = u32::from(high) << 16 | u32::from(middle) << 8 | u32::from(low);
    for _ in 0..digits {
        out.push(char::from(digit(value)));
        value >>= 6;
    }
}

/// The order in which the bytes of a SHA-256 digest are written.
const SHA256_ORDER: &[[usize; 3]] =
    &[[0, 10, 20], [21, 1, 11], [12, 22, 2], [3, 13, 23], [24, 4, 14], [15, 25, 5], [6, 16, 26], [27, 7, 17], [18, 28, 8], [9, 19, 29]];

/// The order in which the bytes of a SHA-512 digest are written.
const SHA512_ORDER: &[[usize; 3]] = &[
    [0, 21, 42],
    [22, 43, 1],
    [44, 2, 23],
    [3, 24, 45],
    [25, 46, 4],
    [47, 5, 26],
    [6, 27, 48],
    [28, 49, 7],
    [50, 8, 29],
    [9, 30, 51],
    [31, 52, 10],
    [53, 11, 32],
    [12, 33, 54],
    [34, 55, 13],
    [56, 14, 35],
    [15, 36, 57],
    [37, 58, 16],
    [59, 17, 38],
    [18, 39, 60],
    [40, 61, 19],
    [62, 20, 41],
];

/// `block` repeated and cut to `length` bytes.
fn repeated(block: &[u8], length: usize) -> Vec<u8> {
    block.iter().copied().cycle().take(length).collect()
}

fn sha_crypt<D: Digest>(password: &[u8], salt: &str, count: u32, id: &str, order: &[[usize; 3]]) -> Result<String, String> {
    if !(1000..=999_999_999).contains(&count) {
        return Err("`rounds` must be between 1000 and 999999999".to_owned());
    }
    let salt_bytes = salt.as_bytes();
    let b = D::new().chain_update(password).chain_update(salt_bytes).chain_update(password).finalize();
    let mut a = D::new().chain_update(password).chain_update(salt_bytes).chain_update(repeated(&b, password.len()));
    let mut length = password.len();
    while length > 0 {
        if length & 1 == 1 {
            a.update(&b)
        } else {
            a.update(password)
        }
        length >>= 1;
    }
    let mut current = a.finalize();
    let mut dp = D::new();
    (0..password.len()).for_each(|_| dp.update(password));
    let p = repeated(&dp.finalize(), password.len());
    let mut ds = D::new();
    let first = current.first().copied().unwrap_or(0);
    (0..16 + usize::from(first)).for_each(|_| ds.update(salt_bytes));
    let s = repeated(&ds.finalize(), salt_bytes.len());
    for round in 0..count {
        let mut c = D::new();
        if round & 1 == 1 {
            c.update(&p)
        } else {
            c.update(&current)
        }
        if round % 3 != 0 {
            c.update(&s);
        }
        if round % 7 != 0 {
            c.update(&p);
        }
        if round & 1 == 1 {
            c.update(&current)
        } else {
            c.update(&p)
        }
        current = c.finalize();
    }
    let byte = |at: usize| current.get(at).copied().unwrap_or(0);
    let mut out = format!("${id}$");
    // What the format takes for granted is not written.
    if count != 5000 {
        out.push_str(&format!("rounds={count}$"));
    }
    out.push_str(salt);
    out.push('$');
    for [high, middle, low] in order {
        encode([byte(*high), byte(*middle), byte(*low)], 4, &mut out);
    }
    match order.len() {
        10 => encode([0, byte(31), byte(30)], 3, &mut out),
        _ => encode([0, 0, byte(63)], 2, &mut out),
    }
    Ok(out)
}

/// MD5-crypt. `magic` names the variant: `$1$`, or `$apr1$` for that of Apache.
pub fn md5_crypt(password: &[u8], salt: &str, magic: &str) -> String {
    use md5::Md5;
    let salt_bytes = salt.as_bytes();
    let inner = Md5::new().chain_update(password).chain_update(salt_bytes).chain_update(password).finalize();
    let mut outer =
        Md5::new().chain_update(password).chain_update(magic).chain_update(salt_bytes).chain_update(repeated(&inner, password.len()));
    let mut length = password.len();
    while length > 0 {
        if length & 1 == 1 {
            outer.update([0])
        } else {
            outer.update(password.get(..1).unwrap_or_default())
        }
        length >>= 1;
    }
    let mut current = outer.finalize();
    for round in 0..1000 {
        let mut next = Md5::new();
        if round & 1 == 1 {
            next.update(password)
        } else {
            next.update(current)
        }
        if round % 3 != 0 {
            next.update(salt_bytes);
        }
        if round % 7 != 0 {
            next.update(password);
        }
        if round & 1 == 1 {
            next.update(current)
        } else {
            next.update(password)
        }
        current = next.finalize();
    }
    let byte = |at: usize| current.get(at).copied().unwrap_or(0);
    let mut out = format!("{magic}{salt}$");
    for [high, middle, low] in [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]] {
        encode([byte(high), byte(middle), byte(low)], 4, &mut out);
    }
    encode([0, 0, byte(11)], 2, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from `openssl passwd`, `mkpasswd` and ansible-core with passlib.
    #[test]
    fn hashes_are_those_of_the_system() {
        let of =
            |scheme, rounds| hash(scheme, "secret", &Options { salt: Some("mysalt"), rounds: Some(rounds), ..Options::default() }).unwrap();
        assert_eq!(
            of(Scheme::Sha512, 5000),
            "$6$mysalt$UX6P1VKOf6dr0s2pg4pLNvIUB6hLXvP6M5f/Yj9hJgMPdAJ4oArvk5YUD9/XWtk1JOpVwt/JTsczMJr8sFVML1"
        );
        assert_eq!(of(Scheme::Sha256, 5000), "$5$mysalt$I2SNajjJ3Gc5gIR/tkrLOGngF8wqv59buJCqxh.o9s8");
        assert_eq!(of(Scheme::Md5, 5000), "$1$mysalt$n/EfEiV74OYgBdqhKQzSW/");
        assert!(of(Scheme::Sha512, 10_000).starts_with("$6$rounds=10000$mysalt$"));
        let salt = Some("1234567890123456789012");
        let blowfish = |ident, rounds| hash(Scheme::Bcrypt, "x", &Options { salt, rounds: Some(rounds), ident, ..Options::default() });
        assert_eq!(blowfish(None, 5).unwrap(), "$2b$05$123456789012345678901unKZ/XDM7kAVdcGzwXdLTY9XyxnDE.ja");
        assert_eq!(blowfish(Some("2y"), 5).unwrap(), "$2y$05$123456789012345678901unKZ/XDM7kAVdcGzwXdLTY9XyxnDE.ja");
        assert!(blowfish(Some("2z"), 5).is_err() && blowfish(None, 3).is_err());
    }

    #[test]
    fn salts_must_fit() {
        let with = |scheme, salt, salt_size| hash(scheme, "x", &Options { salt, salt_size, rounds: Some(5000), ident: None });
        assert_eq!(
            with(Scheme::Sha512, Some("has blank"), None).unwrap_err(),
            "the salt may have letters, digits, `.` and `/` only, not ` `"
        );
        assert_eq!(with(Scheme::Md5, Some("123456789"), None).unwrap_err(), "the salt must have 1 to 8 characters");
        assert_eq!(with(Scheme::Sha512, None, Some(20)).unwrap_err(), "a salt of 20 characters does not fit, it has 1 to 16");
        assert_eq!(with(Scheme::Bcrypt, None, Some(10)).unwrap_err(), "a salt of 10 characters does not fit, it has 22");
        assert_eq!(with(Scheme::Bcrypt, Some("short"), None).unwrap_err(), "the salt of bcrypt must have 22 characters");
        let made = with(Scheme::Sha512, None, Some(4)).unwrap();
        assert_eq!(made.split('$').nth(2).unwrap().len(), 4);
    }

    /// Recorded from passlib and `htpasswd`.
    #[test]
    fn hashes_are_recognised() {
        for (password, hash) in [
            ("secret", "$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/"),
            ("pässwort", "$apr1$ab$m0Qi1tHtJdwZvgNPfZw7P/"),
            ("secret", "$1$mysalt$n/EfEiV74OYgBdqhKQzSW/"),
            ("secret", "$2b$04$....................../dCAsp4PpJoDgv6BeaLP6BKrXlBV1oi"),
            ("secret", "$5$rounds=1000$abc$Mz4DiYKTnNKbZLo/mIp3d8Y4aQBhv3uhSwxLDy55/Y8"),
            ("secret", "$6$rounds=1000$abc$MqEcPZUYRGGcOeq7PhMpfjfu/F0HrVEI0OlZBijWvO8mSG77iNUDP5MqFceKpJTBc8iITVtNyLiNTRNCxv6oh0"),
        ] {
            assert_eq!((verify(password, hash), verify("other", hash)), (Some(true), Some(false)), "{hash}");
        }
        for unknown in ["", "plain", "$", "$1", "$9$x$y", "$2b$broken", "$5$rounds=x$a$b"] {
            assert_eq!(verify("x", unknown), None, "{unknown}");
        }
    }
}
