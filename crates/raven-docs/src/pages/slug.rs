//! Slugs: short names in addresses, made of titles.
//!
//! Owns how they look. Pure. Must not know which are taken.

/// Longest slug, in characters, before what makes it unique.
const MAX: usize = 60;

/// Letters and digits of what makes a slug unlike any other.
const LOTS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// How many of these.
const DRAWN: usize = 6;

/// The slug of a title: lower case, words with `-` between; `otherwise` when nothing of it can be spelled so.
pub fn of(title: &str, otherwise: &str) -> String {
    let mut slug = String::new();
    for c in title.chars().flat_map(char::to_lowercase) {
        let plain = plain(c);
        if !plain.is_empty() {
            slug.push_str(plain);
        } else if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let cut: String = slug.trim_matches('-').chars().take(MAX).collect();
    let cut = cut.trim_matches('-');
    if cut.is_empty() { otherwise.to_owned() } else { cut.to_owned() }
}

/// The same with something drawn at its end: nobody learns from it which slugs are taken.
pub fn drawn(slug: &str) -> String {
    let drawn: String =
        (0..DRAWN).map(|_| char::from(LOTS[usize::from(rand::random::<u8>() % 32)])).collect();
    format!("{slug}-{drawn}")
}

/// Whether it is a word that means something else where a slug stands.
pub fn is_reserved(slug: &str) -> bool {
    matches!(slug, "trash" | "recent" | "root")
}

/// Whether somebody may give this as a slug.
pub fn is_good(slug: &str) -> bool {
    !slug.is_empty() && slug.len() <= MAX && of(slug, "") == slug
}

/// How a letter outside of ASCII is usually spelled within it.
fn plain(c: char) -> &'static str {
    match c {
        'ä' | 'æ' => "ae",
        'ö' | 'ø' | 'œ' => "oe",
        'ü' => "ue",
        'ß' => "ss",
        'à' | 'á' | 'â' | 'ã' | 'å' | 'ą' => "a",
        'ç' | 'ć' | 'č' => "c",
        'è' | 'é' | 'ê' | 'ë' | 'ę' | 'ě' => "e",
        'ì' | 'í' | 'î' | 'ï' => "i",
        'ł' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' => "o",
        'ř' => "r",
        'ś' | 'š' => "s",
        'ù' | 'ú' | 'û' | 'ů' => "u",
        'ý' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_become_slugs() {
        for (title, slug) in [
            ("Getting started", "getting-started"),
            ("  C++ & Rust: 2nd try!  ", "c-rust-2nd-try"),
            ("Übersicht für Größen", "uebersicht-fuer-groessen"),
            ("知识库", "page"),
            ("--", "page"),
            (&"x".repeat(90), &"x".repeat(60)),
        ] {
            assert_eq!(of(title, "page"), slug, "{title}");
        }
        assert!(is_good("getting-started") && !is_good("Getting") && !is_good("-a") && !is_good("a--b"));
    }

    #[test]
    fn drawn_slugs_differ_and_are_slugs() {
        let (one, other) = (drawn("plan"), drawn("plan"));
        assert!(one != other && is_good(&one) && one.starts_with("plan-"), "{one} {other}");
    }
}
