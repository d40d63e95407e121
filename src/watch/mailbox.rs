//! Messages of threads to the one that waits for keys: it can wait for both.

use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};

/// Where messages are sent from. Copies send to the same inbox.
#[derive(Debug)]
pub struct Post<T> {
    messages: Sender<T>,
    wake: Arc<UnixStream>,
}

/// Where messages arrive.
#[derive(Debug)]
pub struct Inbox<T> {
    messages: Receiver<T>,
    woken: UnixStream,
}

/// Returns both ends.
///
/// # Errors
///
/// When the system refuses.
pub fn mailbox<T>() -> io::Result<(Post<T>, Inbox<T>)> {
    let (wake, woken) = UnixStream::pair()?;
    wake.set_nonblocking(true)?;
    woken.set_nonblocking(true)?;
    let (sender, receiver) = mpsc::channel();
    let post = Post {
        messages: sender,
        wake: Arc::new(wake),
    };
    let inbox = Inbox {
        messages: receiver,
        woken,
    };
    Ok((post, inbox))
}

impl<T> Clone for Post<T> {
    fn clone(&self) -> Self {
        Self {
            messages: self.messages.clone(),
            wake: Arc::clone(&self.wake),
        }
    }
}

impl<T> Post<T> {
    /// Sends a message. When the inbox is gone nobody needs it.
    pub fn send(&self, message: T) {
        let _ = self.messages.send(message);
        // A pipe that is full wakes as well.
        let _ = (&*self.wake).write(&[0]);
    }
}

impl<T> Inbox<T> {
    /// Takes what has arrived. What arrives from now on makes [`Inbox::as_fd`] readable.
    pub fn take(&self) -> Vec<T> {
        let mut buffer = [0_u8; 256];
        while matches!((&self.woken).read(&mut buffer), Ok(1..)) {}
        self.messages.try_iter().collect()
    }
}

impl<T> AsFd for Inbox<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.woken.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_arrives_in_order_however_much_it_is() {
        let (post, inbox) = mailbox().unwrap();
        for number in 0..100_000 {
            post.send(number);
        }
        assert_eq!(inbox.take(), (0..100_000).collect::<Vec<_>>());
        assert!(inbox.take().is_empty());
        post.clone().send(1);
        assert_eq!(inbox.take(), [1]);
    }
}
