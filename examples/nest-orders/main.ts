// A shop on NestJS, whose upstreams lose three in ten requests on reused connections: pnpm start
import { STATUS_CODES } from "node:http";

import * as nest from "@nestjs/common";
import { Body, Controller, Get, HttpCode, Inject, Param, Post } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import type { NestExpressApplication } from "@nestjs/platform-express";
import { Idempotent, keepAlive, ReissueModule, RetryOn, Upstream, UPSTREAM } from "@reissue/nest";
import type { BoundUpstream } from "@reissue/nest";
import { faultyUpstream } from "@reissue/testing";

import { accountOf } from "../account.js";

const reset = { fault: "reset", on: "reused", probability: 0.3 } as const;
const inventory = await faultyUpstream({
  faults: [{ fault: "hang", match: ({ path }) => path.startsWith("/parcels/") }, reset],
  respond: { body: '{"left":7}' },
});
const payments = await faultyUpstream({
  faults: [{ ...reset, when: "after-processing" }], // the worst case: charged, and no response
  honourKeys: true,
  respond: () => ({ body: `{"charges":${payments.processedCount}}` }),
});
const orders = new Map([["1", { id: "1", item: "tea" }]]);

@nest.Injectable()
class Payments {
  constructor(@Inject(UPSTREAM) private readonly upstream: BoundUpstream) {}
  // Goes out with a key made from the caller's and its step: sent again, it is not charged again.
  async charge(order: unknown) {
    const call = { method: "POST", body: JSON.stringify(order), step: "charge" };
    return (await this.upstream(`${payments.origin}/charges`, call)).json();
  }
}

@Controller()
class Shop {
  constructor(@Inject(Payments) private readonly payments: Payments) {}
  @Get("orders/:id") // A GET may be sent again: the resets do not show.
  async order(@Param("id") id: string, @Upstream() upstream: BoundUpstream) {
    const order = orders.get(id);
    if (order === undefined) throw new nest.NotFoundException("No such order");
    return { ...order, stock: await (await upstream(`${inventory.origin}/stock/${id}`)).json() };
  }
  @Post("orders") // A plain POST may not: one that is lost gets a 500, and no load balancer sends it again either.
  async place(@Body() body: { item: unknown }, @Upstream() upstream: BoundUpstream) {
    const stock = await upstream(`${inventory.origin}/picks`, { method: "POST" });
    const order = { id: String(orders.size + 1), item: String(body.item) };
    orders.set(order.id, order);
    return { ...order, stock: await stock.json() };
  }
  @Post("orders/:id/reserve") // This one may: reserving twice does no harm.
  @HttpCode(200)
  @RetryOn("ECONNRESET")
  async reserve(@Param("id") id: string, @Upstream() upstream: BoundUpstream) {
    return (await upstream(`${inventory.origin}/orders/${id}/reserve`, { method: "POST" })).json();
  }
  @Post("payments")
  @HttpCode(200)
  @Idempotent({ idempotencyKey: "required" })
  pay(@Body() order: unknown) {
    return this.payments.charge(order);
  }
  @Get("parcels/:id") // 504 after half a second, however long the inventory takes.
  @Idempotent({ timeoutMs: 500 })
  async parcel(@Param("id") id: string, @Upstream() upstream: BoundUpstream) {
    return (await upstream(`${inventory.origin}/parcels/${id}`)).json();
  }
}

@nest.Catch() // Gets what has become of an upstream's failure as an HttpException.
class Errors implements nest.ExceptionFilter {
  catch(error: { status?: number; message: string }, host: nest.ArgumentsHost) {
    const { status = 500, message } = error;
    const response = host.switchToHttp().getResponse();
    response.status(status).json({ error: status < 500 ? message : STATUS_CODES[status] });
  }
}

const upstream = { origins: { [payments.origin]: { idempotencyKey: "derive" as const } } };
const idempotency = { scope: accountOf };
const gate = ReissueModule.forRoot({ upstream, idempotency, drain: { lameDuckMs: 500 } });
@nest.Module({ imports: [gate], controllers: [Shop], providers: [Payments] })
// oxlint-disable-next-line typescript/no-extraneous-class -- as Nest has it.
class App {}
const app = await NestFactory.create<NestExpressApplication>(App, { logger: ["error"] });
app.useGlobalFilters(new Errors()).enableShutdownHooks(undefined, { useProcessExit: true });
keepAlive(app.getHttpServer(), { behind: "nginx" });
await app.listen(process.env["PORT"] ?? 8080, "127.0.0.1");
const url = await app.getUrl();
console.log(`curl -i ${url}/orders/1
curl -i ${url}/parcels/1
curl -i ${url}/orders/1/reserve -X POST
curl -i ${url}/orders -H content-type:application/json -d '{"item":"tea"}'
curl -i ${url}/payments -H content-type:application/json -H idempotency-key:1 -H 'authorization:Bearer me.1' -d '{"order":1}'`);
