-- Requests of buckets for wrk, by the environment: LOAD, of OBJECTS objects of BYTES bytes.
--   fill  PUTs each in turn, over and over
--   get   GETs them at random
--   mix   80 % GET, 15 % PUT and 5 % DELETE of them, at random: after a while three of four are there
local load = os.getenv("LOAD")
local objects = tonumber(os.getenv("OBJECTS"))
local bytes = tonumber(os.getenv("BYTES"))
local random, format = math.random, string.format
local put = " HTTP/1.1\r\nHost: bench\r\nContent-Length: " .. bytes .. "\r\n\r\n" .. string.rep("x", bytes)
local bare = " HTTP/1.1\r\nHost: bench\r\n\r\n"
local last = 0

math.randomseed(os.time())

local function path(number)
  return format("/api/buckets/object-%07d", number)
end

local requests = {
  fill = function()
    last = last % objects + 1
    return "PUT " .. path(last) .. put
  end,
  get = function()
    return "GET " .. path(random(objects)) .. bare
  end,
  mix = function()
    local of_a_hundred = random(100)
    if of_a_hundred <= 80 then
      return "GET " .. path(random(objects)) .. bare
    elseif of_a_hundred <= 95 then
      return "PUT " .. path(random(objects)) .. put
    end
    return "DELETE " .. path(random(objects)) .. bare
  end,
}

request = requests[load]
