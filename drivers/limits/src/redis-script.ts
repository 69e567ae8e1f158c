/**
 * `take` as one atomic step. KEYS: a hash a bucket, slot → calls. ARGV: unix ms or '' (then the server's clock), slots of a window, and for
 * each bucket limit and window in ms. Answers the time and for each bucket {calls before, when there is room or -1, when it is empty}.
 *
 * A slot further ahead than a window is from a clock that was set back since, and is dropped: else it would count for as long as the clock
 * was wrong.
 */
export const TAKE = `
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
local slots = tonumber(ARGV[2])
local allowed = true
local answer = { now }
local current = {}
for i, key in ipairs(KEYS) do
  local limit, window = tonumber(ARGV[2 * i + 1]), tonumber(ARGV[2 * i + 2])
  local width = window / slots
  local slot = math.floor(now / width)
  local flat = redis.call('HGETALL', key)
  local live, dead, used = {}, {}, 0
  for j = 1, #flat, 2 do
    local at, calls = tonumber(flat[j]), tonumber(flat[j + 1])
    if at < slot - slots or at > slot + slots then
      dead[#dead + 1] = flat[j]
    else
      live[#live + 1] = { at, calls }
      used = used + calls
    end
  end
  if #dead > 0 then redis.call('HDEL', key, unpack(dead)) end
  table.sort(live, function(a, b) return a[1] < b[1] end)
  local newest = slot
  if #live > 0 then newest = live[#live][1] end
  local free = -1
  if used >= limit then
    allowed = false
    free = (slot + slots + 1) * width
    local left = used
    for _, entry in ipairs(live) do
      left = left - entry[2]
      if left < limit then
        free = (entry[1] + slots + 1) * width
        break
      end
    end
  end
  current[i] = string.format('%.0f', slot)
  answer[i + 1] = { used, free, (newest + slots + 1) * width }
end
if allowed then
  for i, key in ipairs(KEYS) do
    local window = tonumber(ARGV[2 * i + 2])
    redis.call('HINCRBY', key, current[i], 1)
    redis.call('PEXPIRE', key, math.ceil(window + 2 * window / slots))
  end
end
return answer
`;
