-- Making a session. Needs `record.lua`.

-- Makes one of fields, where there is nothing. Gives when it ends. A server whose memory is full refuses it: nothing was written before.
local function make(key, version, idle, absolute, ...)
  redis.call('HSET', key, 'v', version, 't0', text(NOW), 'l', text(NOW), 'n', text(idle), ...)
  local ends = end_of({ t0 = NOW }, idle, absolute)
  redis.call('PEXPIREAT', key, text(ends))
  return ends
end
