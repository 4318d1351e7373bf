// Makes calls to the origin given and ends as the mode says: by itself, if nothing keeps it alive.
import { createUpstream } from "@reissue/upstream";

const [origin = "", mode = ""] = process.argv.slice(2);
const upstream = createUpstream({ idleMs: 60_000 });
process.on("exit", () => console.log("done"));

const { body } = await upstream.request(origin);
await body.text();
await Promise.all([upstream(origin), upstream(origin)].map(async (each) => (await each).text()));

if (mode === "close") await upstream.close();
if (mode === "destroy") {
  const hanging = upstream.request(`${origin}/hang`).catch(() => {});
  // real time: a process of its own: the request must be under way
  setTimeout(() => void upstream.dispatcher.destroy(), 50);
  await hanging;
}
if (mode === "abort") {
  await upstream.request(`${origin}/hang`, { signal: AbortSignal.timeout(50) }).catch(() => {});
}
if (mode === "discard") {
  const answer = await upstream.request(`${origin}/busy`, { retry: { backOff: { baseMs: 0 } } });
  await answer.body.text();
}
if (mode === "unread") await upstream(origin);
