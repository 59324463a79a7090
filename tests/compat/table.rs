//! What came of all cases, for people.

use std::collections::BTreeMap;

use crate::Ran;

/// Prints how each area stands, then the differences.
pub fn print(all: &[Ran]) {
    let mut areas: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for ran in all {
        let area = ran.name.split('/').next().unwrap_or_default();
        let column = match (ran.is_good(), &ran.explained) {
            (true, None) => 0,
            (true, Some(_)) => 1,
            (false, _) => 2,
        };
        areas.entry(area).or_default()[column] += 1;
    }
    println!("{:<24}{:>8}{:>8}{:>12}{:>12}", "area", "cases", "same", "documented", "different");
    let line = |name: &str, [same, documented, different]: [usize; 3]| {
        println!("{name:<24}{:>8}{same:>8}{documented:>12}{different:>12}", same + documented + different);
    };
    let mut sum = [0; 3];
    for (name, counts) in areas {
        line(name, counts);
        for (total, count) in sum.iter_mut().zip(counts) {
            *total += count;
        }
    }
    line("all", sum);
    // Last, where whoever sees only the end of a long output finds them.
    for ran in all.iter().filter(|ran| !ran.is_good()) {
        println!("{}", ran.name);
        if ran.differences.is_empty() {
            println!("    it does not differ, but says that it does");
        }
        for difference in &ran.differences {
            println!("    {difference}");
        }
    }
}
