import { script, type Script } from "./script.ts";

/**
 * The scripts of a record. It is a hash of `owner`, `fence`, `fingerprint`, and `lease` while it is in flight (ms of the
 * Unix epoch) or `answer` once it is completed; its retention is the key's own expiry.
 *
 * Every script answers an array of bulk strings, the one shape that all clients hand over alike whatever protocol and
 * mapping they were set to. The first write is an HSET: where memory is short the server refuses that one, and so nothing
 * is half-written. `%.0f` writes integers up to 2⁵³ exactly, where Lua's own conversion rounds to 14 digits.
 */
const now = `
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/** Arguments: owner, fingerprint, lease, retention, and 1 to take over a lapsed claim or 0. */
export const claimScript: Script = script(`${now}
local held = redis.call("HMGET", KEYS[1], "owner", "fingerprint", "lease", "fence")
local owner, fingerprint, lease, fence = held[1], held[2], held[3], 1
if owner then
  if lease and owner == ARGV[1] then return { "claimed", held[4] } end
  if fingerprint ~= ARGV[2] then return { "mismatch" } end
  if not lease then return { "completed", redis.call("HGET", KEYS[1], "answer") } end
  if tonumber(lease) > now then return { "in-flight", string.format("%.0f", lease - now) } end
  if ARGV[5] ~= "1" then return { "lapsed" } end
  fence = held[4] + 1
end
fence = string.format("%.0f", fence)
lease = string.format("%.0f", now + ARGV[3])
redis.call("HSET", KEYS[1], "owner", ARGV[1], "fingerprint", ARGV[2], "lease", lease, "fence", fence)
redis.call("PEXPIRE", KEYS[1], ARGV[4])
return { "claimed", fence }`);

/** Arguments: owner, lease. */
export const renewScript: Script = script(`${now}
local held = redis.call("HMGET", KEYS[1], "owner", "lease")
if held[1] ~= ARGV[1] or not held[2] then return { "0" } end
redis.call("HSET", KEYS[1], "lease", string.format("%.0f", now + ARGV[2]))
if redis.call("PTTL", KEYS[1]) < tonumber(ARGV[2]) then
  redis.call("PEXPIRE", KEYS[1], ARGV[2])
end
return { "1" }`);

/** Arguments: owner, answer, retention. */
export const completeScript: Script = script(`
if redis.call("HGET", KEYS[1], "owner") ~= ARGV[1] then return { "0" } end
redis.call("HSET", KEYS[1], "answer", ARGV[2])
redis.call("HDEL", KEYS[1], "lease")
redis.call("PEXPIRE", KEYS[1], ARGV[3])
return { "1" }`);

/** Argument: owner. */
export const releaseScript: Script = script(`
local held = redis.call("HMGET", KEYS[1], "owner", "lease")
if held[1] ~= ARGV[1] or not held[2] then return { "0" } end
redis.call("DEL", KEYS[1])
return { "1" }`);
