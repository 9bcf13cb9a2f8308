-- The server's time, in whole µs and ms. Put before the scripts that need it. It is asked for once: within a script it goes on.

local time = redis.call('TIME')
local MICROS = time[1] * 1000000 + time[2]
local NOW = math.floor(MICROS / 1000)
