import { spawnFaultyUpstream } from "@reissue/testing";

const upstream = await spawnFaultyUpstream();
process.send?.(upstream.port);
