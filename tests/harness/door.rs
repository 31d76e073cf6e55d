//! The door of a server far away: open, its connections lead to the other servers; shut, they are
//! cut, as when a machine is down.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

pub(crate) struct Door {
    address: SocketAddr,
    state: Arc<State>,
    _standing: JoinSet<()>,
}

#[derive(Default)]
struct State {
    shut: AtomicBool,
    turned_away: AtomicUsize,
    shutting: Notify,
}

impl Door {
    pub(super) async fn to(inside: SocketAddr) -> Door {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port for the door");
        let address = listener.local_addr().expect("its address");
        let state = Arc::new(State::default());
        let mut standing = JoinSet::new();
        standing.spawn(stand(listener, inside, Arc::clone(&state)));
        Door { address, state, _standing: standing }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn shut(&self) {
        self.state.shut.store(true, Ordering::SeqCst);
        self.state.shutting.notify_waiters();
    }

    pub(crate) fn open(&self) {
        self.state.shut.store(false, Ordering::SeqCst);
    }

    /// How many connections found it shut.
    pub(crate) fn turned_away(&self) -> usize {
        self.state.turned_away.load(Ordering::SeqCst)
    }
}

async fn stand(listener: TcpListener, inside: SocketAddr, state: Arc<State>) {
    let mut visits = JoinSet::new();
    while let Ok((visitor, _)) = listener.accept().await {
        if state.shut.load(Ordering::SeqCst) {
            state.turned_away.fetch_add(1, Ordering::SeqCst);
            continue;
        }
        visits.spawn(visit(visitor, inside, Arc::clone(&state)));
    }
}

async fn visit(mut visitor: TcpStream, inside: SocketAddr, state: Arc<State>) {
    let mut host = TcpStream::connect(inside).await.expect("the other servers are there");
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut visitor, &mut host) => {}
        () = state.shutting.notified() => {}
    }
}
