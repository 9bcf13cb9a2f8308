-- How units are counted, by the kind of a policy: what all kinds are written in. Put before them, and they before `policies.lua`.
--
-- A policy is `{ kind, limit, span, rate }`; `src/limit/policy` says what they mean, and does the same arithmetic without a server. Each kind has
--   read(key, policy)           the state of a key, or the error of a key that holds something else
--   retry(state, policy, cost)  in ms when so many units fit if nothing else comes: 0 now, -1 never
--   add(state, policy, units)   takes units whatever the limit is, or gives them back where they are negative
--   room(state, policy)         how many units fit now
--   reset(state, policy)        in ms when all of the limit is there again if nothing else comes
--   write(key, state, policy)   stores it, with a TTL
-- Times are whole ms of the server's clock. A kind is made when it is first needed: making a function costs a script more than calling it.

local call, try, tonumber, floor, ceil, max = redis.call, redis.pcall, tonumber, math.floor, math.ceil, math.max

local FIXED, LOG, COUNTER, GCRA = 0, 1, 2, 3

local function foreign()
  return { err = 'ERR the key of a limit holds something else' }
end
