//! A door of TLS before a Temporal server, whose lock can be changed while it is used; or before nothing, where who knocks is
//! written down and refused.

use std::io;
use std::sync::{Arc, Mutex};

use http::Response;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;

/// The status of gRPC for those whose credentials are not taken.
const UNAUTHENTICATED: &str = "16";

pub struct Door {
    pub address: String,
    lock: watch::Sender<Arc<ServerConfig>>,
    serving: JoinHandle<()>,
}

#[derive(Clone)]
enum Behind {
    Server(String),
    Nobody(Shown),
}

/// The headers `authorization` that were shown.
pub type Shown = Arc<Mutex<Vec<String>>>;

impl Door {
    /// Lets those who can open the lock through to the server at an address.
    pub async fn before(server: &str, lock: Arc<ServerConfig>) -> Self {
        Self::open(Behind::Server(server.to_owned()), lock).await
    }

    /// Refuses everybody who speaks gRPC.
    pub async fn refusing(lock: Arc<ServerConfig>) -> (Self, Shown) {
        let shown = Shown::default();
        let door = Self::open(Behind::Nobody(Arc::clone(&shown)), lock).await;
        (door, shown)
    }

    async fn open(behind: Behind, lock: Arc<ServerConfig>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a port is free");
        let address = listener.local_addr().expect("it is bound").to_string();
        let (lock, locks) = watch::channel(lock);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(enter(stream, behind.clone(), locks.clone()));
            }
        });
        Self {
            address,
            lock,
            serving,
        }
    }

    /// Another lock from now on. Who is inside is put out.
    pub fn change_lock(&self, lock: Arc<ServerConfig>) {
        self.lock.send_replace(lock);
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// One connection, until either end closes it or the lock changes. How it ends is seen at the other end.
async fn enter(stream: TcpStream, behind: Behind, mut locks: watch::Receiver<Arc<ServerConfig>>) {
    let lock = TlsAcceptor::from(Arc::clone(&locks.borrow_and_update()));
    let passing = async {
        let inside = lock.accept(stream).await?;
        match behind {
            Behind::Server(server) => pass(inside, &server).await,
            Behind::Nobody(shown) => refuse(inside, &shown).await.map_err(io::Error::other),
        }
    };
    tokio::select! {
        _ = passing => {}
        _ = locks.changed() => {}
    }
}

async fn pass(mut inside: TlsStream<TcpStream>, server: &str) -> io::Result<()> {
    let mut server = TcpStream::connect(server).await?;
    server.set_nodelay(true)?;
    inside.get_ref().0.set_nodelay(true)?;
    copy_bidirectional(&mut inside, &mut server).await?;
    Ok(())
}

async fn refuse(inside: TlsStream<TcpStream>, shown: &Shown) -> Result<(), h2::Error> {
    let mut connection = h2::server::handshake(inside).await?;
    while let Some(call) = connection.accept().await {
        let (request, mut respond) = call?;
        let header = request.headers().get("authorization");
        let header = header.and_then(|value| value.to_str().ok());
        shown
            .lock()
            .expect("nobody panics with it")
            .extend(header.map(str::to_owned));
        let refusal = Response::builder()
            .header("content-type", "application/grpc")
            .header("grpc-status", UNAUTHENTICATED)
            .header("grpc-message", "nobody is let in");
        respond.send_response(refusal.body(()).expect("it is well formed"), true)?;
    }
    Ok(())
}
