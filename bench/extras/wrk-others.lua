-- Another page each time: its path, a name that no other run has, and a number.

local count = 0
local begin

function init(args)
  begin = args[1]
end

function request()
  count = count + 1
  return wrk.format(nil, wrk.path .. begin .. count)
end
