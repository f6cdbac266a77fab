// SPDX-License-Identifier: Apache-2.0

// Status messages over a WebSocket that reconnects by itself.

/**
 * Watches one job, or all if `job` is null.
 * `onEvent` gets {snapshot}, {message} and {isLost: bool}. Returns a function that ends the watch.
 */
export function watch(job, onEvent) {
  let socket, seq, pause = 250, timer, hasEnded = false;
  const open = () => {
    const query = new URLSearchParams();
    if (job) query.set("job", job);
    if (seq != null) query.set("after_seq", seq);
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    socket = new WebSocket(`${scheme}://${location.host}/ws?${query}`);
    socket.onmessage = ({ data }) => {
      if (hasEnded) return;
      const message = JSON.parse(data);
      pause = 250;
      if (message.type === "away") return onEvent({ isLost: true });
      if (message.type === "snapshot") {
        // Messages up to this number are part of the snapshot.
        seq = Math.max(seq ?? 0, message.seq);
        onEvent({ isLost: false });
        return onEvent({ snapshot: message });
      }
      if (message.seq > (seq ?? 0)) seq = message.seq;
      onEvent({ message });
    };
    socket.onclose = (event) => {
      // 4404: there is no such job.
      if (hasEnded || event.code === 4404) return;
      onEvent({ isLost: true });
      timer = setTimeout(open, pause * (0.5 + Math.random()));
      pause = Math.min(pause * 2, 8000);
    };
  };
  open();
  return () => {
    hasEnded = true;
    clearTimeout(timer);
    socket.close();
  };
}
