-- SPDX-License-Identifier: ISC
-- What Lua asks of a system and of a C library, said so that it is the same everywhere.
local function primes(n)
	local is, found = {}, {}
	for i = 2, n do is[i] = true end
	for i = 2, n do
		if is[i] then
			found[#found + 1] = i
			for j = i * i, n, i do is[j] = false end
		end
	end
	return found
end
local p = primes(20000)
print("primes", #p, p[1], p[#p])

local words = {}
for word in ("the quick brown fox jumps over the lazy dog"):gmatch("%a+") do
	words[#words + 1] = word
end
table.sort(words)
print(table.concat(words, " "), ("x"):rep(5, "-"), ("a,b,,c"):gsub(",", ";"))
print(string.format("%5.2f|%-6s|%06d|%x|%q|%g|%a", math.pi, "ab", 42, 255, "a\nb", 1e100, 0.5))
print(2^53, 10 // 3, -7 % 3, 7.5 // 2, 1 << 40, math.tointeger(3.0), 0x7fffffffffffffff + 1)
print(math.sin(1), math.exp(1), math.log(10), math.sqrt(2), 1 / 0, -1 / 0, math.huge // 1)
print(utf8.char(228, 8364, 128512), utf8.len("äö€"), #"äö€")
print(select("#", table.unpack({ 1, nil, 3 }, 1, 3)), next({}), type(nil))

local co = coroutine.wrap(function(a)
	for i = 1, 3 do a = a + coroutine.yield(a * i) end
	return "end"
end)
print(co(1), co(2), co(3), co(4))
local account = setmetatable({}, { __index = function(_, k) return k .. "!" end, __call = function(_, x) return x * 2 end })
print(account.name, account(21), pcall(error, "an error", 0))
print(pcall(function() local x = nil; return x.y end))
print(load("return 6 * 7")(), load("syntax error here"))

for _ = 1, 50 do local t = {} for i = 1, 2000 do t[i] = { i } end end
collectgarbage()
print("memory is given back", collectgarbage("count") < 4000)
local parts = {}
for i = 1, 100000 do parts[i] = tostring(i) end
local text = table.concat(parts)
print("a long string", #text, text:sub(-12))

local name = os.tmpname()
local file = assert(io.open(name, "w"))
for i = 1, 3000 do file:write("line ", i, "\n") end
file:close()
file = assert(io.open(name, "r+"))
print("size", file:seek("end"), file:seek("set", 5), file:read("n", "l", "L"))
file:seek("end")
file:write("last\n")
file:seek("set")
local count, bytes = 0, 0
for line in file:lines() do
	count, bytes = count + 1, bytes + #line
end
print("lines", count, bytes)
file:close()
file = io.open(name, "a")
file:setvbuf("full", 64)
file:write("appended")
file:close()
print(io.open(name):read("a"):sub(-14))
print("renamed", os.rename(name, name .. ".x"), io.open(name) == nil, os.remove(name .. ".x"))
print(io.open("/nowhere/at/all"))
print(os.remove("/nowhere/at/all"))
print(os.getenv("HOME"), os.getenv("NOTHING"))
print(os.date("!%Y-%m-%d %H:%M:%S", 86400 * 365), os.time({ year = 2001, month = 2, day = 3, hour = 12 }))
print("a clock goes on", os.clock() >= 0, os.time() >= 0)
print("sh", os.execute("exit 3"))
local pipe = io.popen("echo from a pipe; exit 4")
print(pipe:read("a"), pipe:close())
pipe = io.popen("cat -n", "w")
pipe:write("one\ntwo\n")
print(pipe:close())
io.stderr:write("to the standard error\n")
for line in io.lines() do print("read", line) end
os.exit(7)
