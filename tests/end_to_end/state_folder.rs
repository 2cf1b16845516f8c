//! A state folder that is somebody else's, moved away, locked, full of traps or on read-only media.

use std::{
    fs::{self, File, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
};

use crate::{bench::Bench, reload::pipe};

fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o7777
}

/// A workspace whose store is there.
fn stored() -> Bench {
    let bench = Bench::sample();
    assert_eq!(bench.run(&["hold", "--reason", "a test"]).status.code(), Some(0));
    bench
}

#[test]
fn a_folder_that_is_somebody_elses_is_left_as_it_is() {
    let bench = Bench::sample();
    let folder = bench.path().join("shared");
    fs::create_dir(&folder).expect("the folder is made");
    fs::write(folder.join("theirs"), "").expect("a file of theirs");
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).expect("it is open to others");
    bench.edit("config/watchkeeper.toml", |text| text.replace("state = \"state\"", "state = \"shared\""));
    let said = refused(&bench.run(&["hold"]));
    assert!(said.contains("is open to others (mode 0755), and holds more than a store"), "{said}");
    assert!(said.contains("name a folder of its own in [daemon] `state`"), "{said}");
    assert_eq!(mode(&folder), 0o755);
}

#[test]
fn a_folder_made_for_the_store_becomes_private() {
    let bench = Bench::sample();
    let state = bench.path().join("state");
    fs::create_dir(&state).expect("it is made");
    fs::set_permissions(&state, Permissions::from_mode(0o755)).expect("it is open to others");
    assert_eq!(bench.run(&["hold"]).status.code(), Some(0));
    assert_eq!(mode(&state), 0o700);
}

#[test]
fn what_only_reads_makes_nothing() {
    let bench = Bench::sample();
    for command in [&["status"][..], &["incidents"], &["gates"], &["handoffs"], &["ledger", "verify"]] {
        assert_eq!(bench.run(command).status.code(), Some(0), "{command:?}");
    }
    assert!(!bench.path().join("state").exists());
}

#[test]
fn a_daemon_whose_state_folder_is_moved_away_or_removed_ends_and_says_so() {
    let moves: [fn(&Path); 2] = [
        |state| fs::rename(state, state.with_extension("away")).expect("it is moved"),
        |state| fs::remove_dir_all(state).expect("it is removed"),
    ];
    for moved in moves {
        let bench = Bench::sample();
        let mut daemon = bench.daemon();
        moved(&bench.path().join("state"));
        daemon.says("was moved away or replaced while the daemon ran; it ends");
        assert_eq!(daemon.ends(), Some(3));
    }
}

#[test]
fn whoever_finds_the_store_being_opened_waits_five_seconds_and_says_why_it_goes() {
    let bench = stored();
    let lock = File::open(bench.path().join("state/open.lock")).expect("the lock is there");
    lock.lock().expect("nobody has it");
    let said = refused(&bench.run(&["release"]));
    assert!(said.contains("another process opens the store") && said.contains("for 5 s"), "{said}");
    lock.unlock().expect("it is let go of");
    assert_eq!(bench.run(&["release"]).status.code(), Some(0));
}

#[test]
fn a_pipe_in_the_place_of_a_file_of_the_store_is_refused() {
    for file in ["open.lock", "daemon.lock", "watchkeeper.db", "watchkeeper.db-wal"] {
        let bench = stored();
        let path = bench.path().join("state").join(file);
        // Some are not there while nobody has the store open.
        let _ = fs::remove_file(&path);
        pipe(&path);
        let said = refused(&bench.run(&["run"]));
        assert!(said.contains(&format!("{file} is not a plain file")), "{said}");
    }
}

/// A file system in memory that can be made read-only; needs root.
struct Media<'a>(&'a Path);

impl<'a> Media<'a> {
    /// Mounted with a copy of a folder; `None` for who may not mount.
    fn with_copy_of(folder: &Path, at: &'a Path) -> Option<Self> {
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=16M,mode=0700", "tmpfs"]).arg(at).output();
        let media = mounted.is_ok_and(|mount| mount.status.success()).then_some(Self(at))?;
        for entry in fs::read_dir(folder).expect("the folder is read") {
            let entry = entry.expect("an entry");
            fs::copy(entry.path(), at.join(entry.file_name())).expect("it is copied");
        }
        let sealed = Command::new("mount").args(["-o", "remount,ro"]).arg(at).status();
        assert!(sealed.expect("mount runs").success());
        Some(media)
    }
}

impl Drop for Media<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0).status();
    }
}

fn prepared_media(bench: &Bench) -> (std::path::PathBuf, std::path::PathBuf) {
    let (state, kept) = (bench.path().join("state"), bench.path().join("kept"));
    fs::rename(&state, &kept).expect("it is put aside");
    fs::create_dir(&state).expect("a place to mount at");
    (state, kept)
}

#[test]
fn a_copy_on_read_only_media_is_read_and_not_written() {
    let bench = stored();
    let before = bench.json(&["ledger", "verify"], 0);
    let (state, kept) = prepared_media(&bench);
    let Some(_media) = Media::with_copy_of(&kept, &state) else {
        // Who may not mount has a folder that cannot be written, which root could write all the same.
        fs::remove_dir(&state).expect("it is empty");
        fs::rename(&kept, &state).expect("it is put back");
        fs::set_permissions(&state, Permissions::from_mode(0o500)).expect("it is sealed");
        assert_eq!(bench.json(&["ledger", "verify"], 0), before);
        fs::set_permissions(&state, Permissions::from_mode(0o700)).expect("it can be removed");
        return;
    };
    assert_eq!(bench.json(&["ledger", "verify"], 0), before);
    for command in [&["status"][..], &["incidents"], &["gates"], &["handoffs"], &["ledger", "export"]] {
        assert_eq!(bench.run(command).status.code(), Some(0), "{command:?}");
    }
    let said = refused(&bench.run(&["release"]));
    assert!(said.contains("Read-only file system"), "{said}");
}

#[test]
fn a_daemon_that_was_stopped_leaves_one_file_that_can_be_read_on_its_own() {
    let bench = stored();
    let daemon = bench.daemon();
    daemon.signal("TERM");
    assert_eq!(daemon.ends(), Some(0));
    let state = bench.path().join("state");
    assert!(!state.join("watchkeeper.db-wal").exists());
    fs::remove_file(state.join("daemon.lock")).expect("it is there");
    fs::remove_file(state.join("open.lock")).expect("it is there");
    assert_eq!(bench.json(&["ledger", "verify"], 0)["rows"], 1);
}
