-- The server's time in whole ms. Put before the scripts that need it. It is asked for once: within a script it goes on.

local time = redis.call('TIME')
local NOW = time[1] * 1000 + math.floor(time[2] / 1000)
