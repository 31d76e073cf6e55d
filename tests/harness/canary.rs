//! A listener on a loopback port nobody may reach: it is not among the lab's hosts.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::eventually::eventually;

pub(crate) struct Canary {
    address: SocketAddr,
    calls: Arc<AtomicUsize>,
    own_calls: AtomicUsize,
    _listening: JoinSet<()>,
}

impl Canary {
    pub(crate) async fn start() -> Canary {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port for the canary");
        let address = listener.local_addr().expect("its address");
        let calls = Arc::new(AtomicUsize::new(0));
        let mut listening = JoinSet::new();
        listening.spawn({
            let calls = Arc::clone(&calls);
            async move {
                while listener.accept().await.is_ok() {
                    calls.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
        Canary { address, calls, own_calls: AtomicUsize::new(0), _listening: listening }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Calls itself once, so that every call made before is counted first.
    pub(crate) async fn assert_untouched(&self, after: &str) {
        let own = self.own_calls.fetch_add(1, Ordering::SeqCst) + 1;
        TcpStream::connect(self.address).await.expect("the canary listens");
        let calls = eventually("the canary hears itself", async || {
            let calls = self.calls.load(Ordering::SeqCst);
            if calls >= own { Ok(calls) } else { Err(format!("{calls} calls")) }
        });
        assert_eq!(calls.await, own, "somebody reached the canary after: {after}");
    }
}
