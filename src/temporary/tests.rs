use std::io::Write as _;

use super::*;

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn begun(target: &Path, text: &str) -> Temporary {
    let (temporary, mut file) = Temporary::create(target).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    temporary
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn names_are_given_together() {
    let folder = tempfile::tempdir().unwrap();
    let name = |name: &str| folder.path().join(name);
    std::fs::write(name("a"), "earlier").unwrap();
    let set = [begun(&name("a"), "new a"), begun(&name("b"), "new b")];
    assert_eq!((text(&name("a")).as_str(), names(folder.path()).len()), ("earlier", 3));
    Temporary::commit(set).unwrap();
    assert_eq!((text(&name("a")).as_str(), text(&name("b")).as_str()), ("new a", "new b"));
    assert_eq!(names(folder.path()), ["a", "b"]);
    drop(begun(&name("a"), "given up"));
    assert_eq!(names(folder.path()), ["a", "b"]);
    assert_eq!(text(&name("a")), "new a");
}

/// Whichever can't get its name, everything is as before.
#[test]
fn no_name_is_given_if_one_cannot_be() {
    for blocked in ["a", "b", "c"] {
        let folder = tempfile::tempdir().unwrap();
        let name = |name: &str| folder.path().join(name);
        std::fs::write(name("a"), "earlier a").unwrap();
        std::fs::write(name("c"), "earlier c").unwrap();
        let set = ["a", "b", "c"].map(|file| begun(&name(file), "new"));
        // No file can replace a folder.
        let _ = std::fs::remove_file(name(blocked));
        std::fs::create_dir(name(blocked)).unwrap();
        let before = names(folder.path());
        assert!(Temporary::commit(set).is_err(), "{blocked}");
        let here = names(folder.path());
        assert_eq!(here, before.into_iter().filter(|name| !name.ends_with(".part")).collect::<Vec<_>>());
        for file in ["a", "c"].into_iter().filter(|file| *file != blocked) {
            assert_eq!(text(&name(file)), format!("earlier {file}"), "{blocked}");
        }
        assert!(!name("b").is_file(), "{blocked}");
    }
}

/// The last one wins as a whole.
#[test]
fn sets_of_several_threads_do_not_mix() {
    let folder = tempfile::tempdir().unwrap();
    let name = |name: &str| folder.path().join(name);
    std::thread::scope(|scope| {
        for who in 0..4 {
            let (a, b) = (name("a"), name("b"));
            scope.spawn(move || {
                for round in 0..25 {
                    let words = format!("{who} {round}");
                    Temporary::commit([begun(&a, &words), begun(&b, &words)]).unwrap();
                }
            });
        }
    });
    assert_eq!(text(&name("a")), text(&name("b")));
    assert_eq!(names(folder.path()), ["a", "b"]);
}

#[test]
fn the_longest_names_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let name = |length: usize| folder.path().join("n".repeat(length));
    write(&name(255), |mut file| file.write_all(b"x")).unwrap();
    let error = write(&name(256), |_| Ok(())).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidFilename);
    assert_eq!(names(folder.path()).len(), 1);
}

#[cfg(unix)]
#[test]
fn symbolic_links_are_followed() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let name = |name: &str| folder.path().join(name);
    std::fs::create_dir(name("far")).unwrap();
    std::fs::write(name("far/there"), "earlier").unwrap();
    for (to, link) in [("far/there", "a"), ("a", "b"), ("far/new", "c"), ("loop", "loop")] {
        symlink(to, name(link)).unwrap();
    }
    for (link, file) in [("b", "far/there"), ("c", "far/new")] {
        write(&name(link), |mut file| file.write_all(b"new")).unwrap();
        assert!(name(link).is_symlink());
        assert_eq!(text(&name(file)), "new");
    }
    assert!(name("a").is_symlink());
    assert!(write(&name("loop"), |_| Ok(())).unwrap_err().to_string().contains("circle"));
    assert_eq!(names(folder.path()), ["a", "b", "c", "far", "loop"]);
    assert_eq!(names(&name("far")), ["new", "there"]);
}

#[test]
fn what_dead_processes_left_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let name = |name: &str| folder.path().join(name);
    let (here, dead) = (std::process::id(), u32::MAX >> 1);
    // Of process 1, which lives; of nobody; and names that are none of ours.
    let kept = [".hope-1-0.part".to_owned(), ".hope-notes.part".into(), "hope-5-0.part".into()];
    let swept =
        [format!(".hope-{dead}-0.part"), format!(".hope-{dead}-1.old"), format!(".hope-{here}-9.part")];
    for file in kept.iter().chain(&swept) {
        std::fs::write(name(file), "x").unwrap();
    }
    // Ours, and at work.
    let other = begun(&name("other"), "x");
    write(&name("a"), |mut file| file.write_all(b"new")).unwrap();
    let mut expected: Vec<String> = kept.into_iter().chain(["a".into()]).collect();
    expected.push(other.path().file_name().unwrap().to_string_lossy().into_owned());
    expected.sort();
    assert_eq!(names(folder.path()), expected);
}

/// A lock of a killed process is free; a folder that is held for long is an error, so nobody waits for ever.
#[test]
fn the_lock_of_a_dead_process_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join(".hope.lock");
    std::fs::write(&lock, "").unwrap();
    write(&folder.path().join("a"), |mut file| file.write_all(b"new")).unwrap();
    assert_eq!(names(folder.path()), ["a"]);
    std::fs::create_dir(&lock).unwrap();
    assert!(write(&folder.path().join("a"), |_| Ok(())).is_err());
}
