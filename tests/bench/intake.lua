-- wrk: sign-ups with addresses that nobody had before. SEED makes them differ from run to run.
local threads, count = 0, 0
local seed = os.getenv("SEED")

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function request()
  count = count + 1
  local body = string.format(
    '{"name": "Ada %d", "email": "ada-%s-%d-%d@bench.test", "stream": "stream%d", "timezone": "America/Toronto", ' ..
    '"charter": "1", "answers": {}}', count, seed, number, count, count % 3 + 1)
  return wrk.format("POST", "/signup/api/signups", {["Content-Type"] = "application/json"}, body)
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format('{"rate": %.3f, "p99_ms": %.3f, "failed": %d}\n',
    summary.requests / summary.duration * 1e6, latency:percentile(99) / 1000,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
