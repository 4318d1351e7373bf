import type { Dispatcher } from "undici";

/** What a payment was answered with. */
export interface Receipt {
  readonly status: number;
  readonly replayed: boolean;
  readonly body: string;
}

/** Pays once: sends one request and nothing again. */
export async function pay(dispatcher: Dispatcher, origin: string, key: string): Promise<Receipt> {
  const { statusCode, headers, body } = await dispatcher.request({
    origin,
    path: `/payments/${key}`,
    method: "POST",
    headers: { "idempotency-key": key, "content-type": "application/json" },
    body: JSON.stringify({ amount: 100 }),
  });
  return {
    status: statusCode,
    replayed: headers["idempotent-replayed"] === "true",
    body: await body.text(),
  };
}
