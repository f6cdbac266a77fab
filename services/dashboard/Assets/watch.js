// Status messages as they come, over a WebSocket that comes back by itself.

/**
 * Watches one job, or all.
 * `hears` gets {snapshot}, {message} and {away: bool}. -> a function that ends it.
 */
export function watch(job, hears) {
  let socket, seq, pause = 250, timer, isOver = false;
  const open = () => {
    const query = new URLSearchParams();
    if (job) query.set("job", job);
    if (seq != null) query.set("after_seq", seq);
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    socket = new WebSocket(`${scheme}://${location.host}/ws?${query}`);
    socket.onmessage = ({ data }) => {
      if (isOver) return;
      const message = JSON.parse(data);
      pause = 250;
      if (message.type === "away") return hears({ away: true });
      if (message.type === "snapshot") {
        // What comes before its number is in it already.
        seq = Math.max(seq ?? 0, message.seq);
        hears({ away: false });
        return hears({ snapshot: message });
      }
      if (message.seq > (seq ?? 0)) seq = message.seq;
      hears({ message });
    };
    socket.onclose = (event) => {
      if (isOver || event.code === 4404) return;
      hears({ away: true });
      timer = setTimeout(open, pause * (0.5 + Math.random()));
      pause = Math.min(pause * 2, 8000);
    };
  };
  open();
  return () => {
    isOver = true;
    clearTimeout(timer);
    socket.close();
  };
}
