// Prints what each closed upstream left behind, and exits by itself only if that is nothing.
import { connect } from "node:net";
import { faultyUpstream } from "@reissue/testing";

const minute = 60_000;
const busy = {
  hang: (upstream) => upstream.script([{ fault: "hang" }]),
  slow: (upstream) => upstream.script([{ fault: "slow", everyMs: minute }]),
  "delayed reset": (upstream) => upstream.script([{ fault: "reset", delayMs: minute }]),
  "delayed answer": (upstream) => upstream.setRespond({ delayMs: minute }),
  linger: (upstream) => upstream.script([{ fault: "end" }]),
  restart: (upstream) => upstream.script([{ fault: "restart", downMs: minute }]),
  "restart, called": (upstream) => void upstream.restart({ downMs: minute }),
  "refused, opening again": async (upstream) => {
    await upstream.refuse();
    void upstream.accept();
  },
  idle: () => {},
};

const left = {};
for (const [name, prepare] of Object.entries(busy)) {
  const upstream = await faultyUpstream({ idleTimeoutMs: minute });
  const clients = [1, 2].map(() =>
    connect({ port: upstream.port, host: "127.0.0.1", allowHalfOpen: true }).on("error", () => {}),
  );
  await upstream.until(({ connections }) => connections === 2);
  clients[0].write("GET / HTTP/1.1\r\n\r\n");
  await upstream.until(({ processed }) => processed === 1);
  await prepare(upstream);
  if (name !== "restart, called") {
    clients[0].write("GET / HTTP/1.1\r\n\r\n");
    await upstream.until(({ heads }) => heads === 2);
  }
  await upstream.close();
  for (const client of clients) client.destroy();
  // real time: handles close in a later turn
  await new Promise((resolve) => setTimeout(resolve, 5));
  const standard = ["PipeWrap", "TTYWrap", "FSReqCallback", "FSReqPromise"];
  left[name] = process.getActiveResourcesInfo().filter((one) => !standard.includes(one));
}
console.log(JSON.stringify(left));
