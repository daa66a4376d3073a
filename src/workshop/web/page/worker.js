// One stream for all tabs of a browser: a browser opens six connections to a place, and a stream holds one.
// Where a stream brings nothing, as behind a proxy that keeps it back, the state is asked for once a second.

const ports = new Set();
const PATIENCE = 5000; // milliseconds in which a stream must bring the first state
let last = null;
let version = -1;
let source = null;
let polling = null;

function tell(message) {
  last = message;
  ports.forEach((port) => port.postMessage(message));
}

function heard(state) {
  version = state.version;
  tell({ state, how: polling ? "polling" : "stream" });
}

function listen() {
  let brought = false;
  source = new EventSource("../stream");
  source.onmessage = (event) => {
    brought = true;
    heard(JSON.parse(event.data));
  };
  source.onerror = () => {
    tell({ lost: true, state: last && last.state });
    if (source.readyState === EventSource.CLOSED) poll();
  };
  setTimeout(() => brought || poll(), PATIENCE);
}

async function ask() {
  try {
    const answer = await fetch(`../state?since=${version}`, { cache: "no-store" });
    if (answer.status === 200) heard(await answer.json());
    else if (answer.status === 204) last && last.lost && tell({ state: last.state, how: "polling" });
    else tell({ lost: true, refused: answer.status === 403, state: last && last.state });
  } catch {
    tell({ lost: true, state: last && last.state });
  }
}

function poll() {
  if (polling) return;
  source.close();
  polling = setInterval(ask, 1000);
  ask();
}

self.onconnect = (event) => {
  const port = event.ports[0];
  ports.add(port);
  port.onmessage = (message) => message.data === "bye" && ports.delete(port);
  if (last) port.postMessage(last);
  if (!source) listen();
};
