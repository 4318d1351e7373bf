import { OutboundSteps } from "@reissue/core";
import { headerValue } from "@reissue/testing";
import { describe, expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { certificate } from "../../support/upstream/servers/certificate.ts";
import { impatient } from "../../support/upstream/client.ts";
import { h2Server, ok } from "../../support/upstream/servers/h2-server.ts";
import { ways } from "../../support/upstream/ways.ts";

function upload(): FormData {
  const form = new FormData();
  form.append("amount", "1");
  form.append("file", new Blob(["content"], { type: "text/csv" }), "a.csv");
  return form;
}

/** What a form that was received says. */
async function entriesOf(body: Uint8Array, type: string): Promise<unknown[]> {
  const response = new Response(Buffer.from(body), { headers: { "content-type": type } });
  const form = await response.formData();
  const file = form.get("file") as File;
  return [form.get("amount"), file.name, file.type, await file.text()];
}

const uploaded = ["1", "a.csv", "text/csv", "content"];

describe.each(ways)("%s", (_, send) => {
  test.each([
    ["a derived key", { step: "upload" }],
    ["a key of its own", { headers: { "idempotency-key": '"mine"' } }],
  ])("sends a form under %s as the same bytes for each retry", async (_name, said) => {
    const server = await opened({ keepBodyBytes: 2 ** 20 });
    const upstream = impatient({ origins: { [server.origin]: { idempotencyKey: "derive" } } });
    for (let runs = 0; runs < 2; runs += 1) {
      const bound = upstream.bind({ steps: new OutboundSteps({ scope: "me", key: "k-1" }) });
      await send(bound, server.origin, { method: "POST", body: upload(), ...said });
    }
    const [first, second] = server.requests;
    const type = headerValue(first!.headers, "content-type");
    expect(headerValue(second!.headers, "content-type")).toBe(type);
    expect(second!.body).toEqual(first!.body);
    expect(await entriesOf(first!.body!, type!)).toEqual(uploaded);
  });

  test("keeps the content type that the caller gave with a form, as fetch does", async () => {
    const server = await opened();
    const headers = { "content-type": "multipart/form-data; boundary=mine" };
    const form = new FormData();
    form.append("a", "b");
    await send(impatient(), server.origin, { method: "POST", body: form, headers });
    expect(headerValue(server.requests[0]!.headers, "content-type")).toBe(headers["content-type"]);
  });

  test("stops sending a file that cannot be read, and gives its error", async () => {
    const server = await opened();
    const broken = new Error("the disk is gone");
    const file = new File(["abc"], "a.txt");
    Object.defineProperty(file, "stream", {
      value: () => new ReadableStream({ pull: () => Promise.reject(broken) }),
    });
    const form = new FormData();
    form.append("file", file);
    const sent = send(impatient(), server.origin, { method: "POST", body: form });
    const error = await sent.catch((reason: unknown) => reason);
    expect([error, (error as Error).cause]).toContain(broken);
    expect(server.requests.filter(({ processed }) => processed)).toEqual([]);
  });

  test("sends a form over HTTP/2", async () => {
    const own = certificate();
    let type = "";
    let length = "";
    let received: Buffer = Buffer.alloc(0);
    const server = await h2Server(
      own,
      (stream) => {
        stream.on("data", (chunk: Buffer) => (received = Buffer.concat([received, chunk])));
        stream.on("end", () => ok(stream));
      },
      (headers) => {
        type = String(headers["content-type"]);
        length = String(headers["content-length"]);
      },
    );
    const upstream = impatient({ allowH2: true, tls: { ca: own.cert } });
    expect(await send(upstream, server.origin, { method: "POST", body: upload() })).toBe("ok");
    expect(length).toBe(String(received.length));
    expect(await entriesOf(received, type)).toEqual(uploaded);
  });
});
