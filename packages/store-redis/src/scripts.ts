import { script, type Script } from "./script.ts";

/**
 * The beginning of every script: reads the record. A record is a string, MessagePack of a mark, owner, fingerprint, fence,
 * the end of the lease (ms of the Unix epoch) and, once completed, the response; its retention is the key's own expiry. A
 * hash would need more memory, and more commands for each step.
 *
 * A claim replies with a bulk string, which clients pass on as a Buffer on demand, whatever their protocol and type
 * mapping; the other scripts reply 1 where the owner holds the record, else 0. A script writes at most once. `%.0f` formats
 * integers up to 2⁵³ exactly, where Lua's own conversion rounds to 14 digits.
 */
const held = `
local held = redis.call("GET", KEYS[1])
local mark, owner, fingerprint, fence, lease, answer = "reissue 1"
if held then mark, owner, fingerprint, fence, lease, answer = cmsgpack.unpack(held) end
if mark ~= "reissue 1" then return redis.error_reply("WRONGTYPE The key holds no record of Reissue") end`;

const now = `
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/**
 * Arguments: owner, fingerprint, lease, retention, and 1 to take over a lapsed claim or 0. Replies with the state, followed
 * by a space and its number if it has one; for a completed record with `=` and the response.
 */
export const claimScript: Script = script(`${held}${now}
if not held then
  fence = 1
elseif owner == ARGV[1] and not answer then
  return "claimed " .. string.format("%.0f", fence)
elseif fingerprint ~= ARGV[2] then
  return "mismatch"
elseif answer then
  return "=" .. answer
elseif lease > now then
  return "in-flight " .. string.format("%.0f", lease - now)
elseif ARGV[5] ~= "1" then
  return "lapsed"
else
  fence = fence + 1
end
local record = cmsgpack.pack(mark, ARGV[1], ARGV[2], fence, now + ARGV[3])
redis.call("SET", KEYS[1], record, "PX", ARGV[4])
return "claimed " .. string.format("%.0f", fence)`);

/** Arguments: owner, lease. */
export const renewScript: Script = script(`${held}
if owner ~= ARGV[1] or answer then return 0 end${now}
local record = cmsgpack.pack(mark, owner, fingerprint, fence, now + ARGV[2])
local left = math.max(redis.call("PTTL", KEYS[1]), ARGV[2], 1)
redis.call("SET", KEYS[1], record, "PX", string.format("%.0f", left))
return 1`);

/** Arguments: owner, response, retention. */
export const completeScript: Script = script(`${held}
if owner ~= ARGV[1] then return 0 end
if answer then return 1 end
local record = cmsgpack.pack(mark, owner, fingerprint, fence, lease, ARGV[2])
redis.call("SET", KEYS[1], record, "PX", ARGV[3])
return 1`);

/** Argument: owner. */
export const releaseScript: Script = script(`${held}
if owner ~= ARGV[1] or answer then return 0 end
redis.call("DEL", KEYS[1])
return 1`);
