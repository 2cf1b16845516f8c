//! A way to a server on loopback that can be cut: while it is, nothing comes through and nobody is told, as when a network
//! is in two parts.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU16, Ordering},
    },
    thread,
    time::Duration,
};

/// How often a way that is cut is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A way to a port.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    target: Arc<AtomicU16>,
    cut: Arc<AtomicBool>,
}

impl Proxy {
    /// A way to this port on loopback.
    pub fn to(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let (cut, target) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU16::new(target)));
        let (is_cut, leads_to) = (Arc::clone(&cut), Arc::clone(&target));
        thread::spawn(move || {
            for here in listener.incoming().flatten() {
                let (is_cut, leads_to) = (Arc::clone(&is_cut), Arc::clone(&leads_to));
                thread::spawn(move || {
                    whole(&is_cut);
                    // A server that is away refuses, and so does the way to it.
                    let Ok(there) = TcpStream::connect(("127.0.0.1", leads_to.load(Ordering::SeqCst))) else { return };
                    let (Ok(back), Ok(forth)) = (here.try_clone(), there.try_clone()) else { return };
                    let also_cut = Arc::clone(&is_cut);
                    thread::spawn(move || carry(there, back, &also_cut));
                    carry(here, forth, &is_cut);
                });
            }
        });
        Self { port, target, cut }
    }

    /// Where it begins.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Leads whoever comes from now on to another port.
    pub fn lead_to(&self, target: u16) {
        self.target.store(target, Ordering::SeqCst);
    }

    /// Lets nothing through.
    pub fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
    }

    /// Lets everything through again, what waited first.
    pub fn mend(&self) {
        self.cut.store(false, Ordering::SeqCst);
    }
}

/// Waits until it is not cut.
fn whole(is_cut: &AtomicBool) {
    while is_cut.load(Ordering::SeqCst) {
        thread::sleep(LOOK_EVERY);
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, is_cut: &AtomicBool) {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        let read = from.read(&mut bytes).unwrap_or(0);
        whole(is_cut);
        if read == 0 || to.write_all(&bytes[..read]).is_err() {
            break;
        }
    }
    // The other way ends as well.
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
