// Requests of a seed, made from the document that the server serves: valid, nearly valid and wild ones, over all operations. Every answer is one that the document declares.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiDocument } from "./document.mjs";
import { Generator } from "./generator.mjs";
import { send } from "./wire.mjs";

const base = process.env.OPENAPI_SERVER;
const count = Number(process.env.OPENAPI_REQUESTS ?? 250);
const seed = Number(process.env.OPENAPI_SEED ?? 1);
const atOnce = 6;
const mostShown = 12;
const runs = [];
let exported;

test(`${count} requests of seed ${seed}`, async () => {
  const served = await send(base, { verb: "GET", url: "/openapi.json" });
  const document = new ApiDocument(JSON.parse(served.body));
  const generator = new Generator(document, seed);
  await fillRuns();
  exported = (await send(base, { verb: "GET", url: `/v1/runs/${runs[0]}/export` })).body;
  const problems = [];
  const seen = new Map();
  let next = 0;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (next < count && problems.length < mostShown) {
      const number = next++;
      await fillRuns();
      const request = draw(document, generator, number);
      let problem;
      try {
        const answer = await send(base, request);
        await forgetRun(request, answer);
        note(request, answer, seen);
        problem = judge(document, request, answer);
      } catch (error) {
        problem = String(error);
      }
      if (problem) {
        problems.push(`${number} (${request.kind}): ${request.verb} ${request.url.slice(0, 300)} ${JSON.stringify(request.headers)} ${request.body?.toString().slice(0, 400) ?? ""}\n  -> ${problem}`);
      }
    }
  }));

  assert.equal(problems.length, 0, problems.join("\n").replace(/[^ -~\n]/g, "?"));
  console.log([...seen].sort().map(([kind, number]) => `${kind}: ${number}`).join("\n"));

  // Else it would say nothing of answers.
  const answered = new Set([...seen.keys()].filter((key) => key.startsWith("200 ")).map((key) => key.slice(4)));
  const unanswered = document.operations.filter(({ verb, path, operation }) => operation.responses["200"] && !answered.has(`${verb} ${path}`)).map(({ path }) => path);
  assert.ok(unanswered.length <= document.operations.length * (count < 5000 ? 0.5 : 0), `no request was answered with 200 by ${unanswered.join(", ")}`);

  // Nothing has been disturbed.
  const after = await send(base, { verb: "GET", url: "/v1/features" });
  assert.equal(after.status, 200);
});

// Some runs that requests can be about: one that has ended, and one that waits.
async function fillRuns() {
  while (runs.length < 2) {
    const body = JSON.stringify({ spec: { grid_size: 8, steps: 10 }, paused: runs.length === 1 });
    const { status, body: answer } = await send(base, { verb: "POST", url: "/v1/runs", headers: { "content-type": "application/json" }, body });
    assert.equal(status, 200, answer.toString());
    runs.push(JSON.parse(answer).run.run_id);
  }
}

// There is room for some only.
async function forgetRun({ verb, url }, { status, body }) {
  if (status === 200 && verb === "POST" && /^\/v1\/runs(:|$|\/[^/]*:fork)/.test(url.split("?")[0])) {
    await send(base, { verb: "DELETE", url: `/v1/runs/${JSON.parse(body).run.run_id}` });
  } else if (status === 200 && verb === "DELETE") {
    const gone = runs.findIndex((run) => url.includes(run));
    if (gone >= 0) {
      runs.splice(gone, 1);
    }
  }
}

function draw(document, generator, number) {
  const { draw: random } = generator;
  const operation = document.operations[number % document.operations.length];
  const kind = random.of(["valid", "valid", "valid", "near", "near", "wild"]);
  const request = { kind, operation, verb: operation.verb, headers: {}, body: null, isBroken: null };
  const query = [];
  let path = operation.path;
  for (const parameter of operation.parameters) {
    if (parameter.in === "path") {
      path = path.replace(`{${parameter.name}}`, encodeURIComponent(random.chance(0.85) ? random.of(runs) : generator.value(parameter.schema) || "x"));
    } else if (parameter.in === "query" && parameter.example !== undefined && random.chance(0.6)) {
      query.push([parameter.name, parameter.example]);
    } else if (parameter.in === "query" && random.chance(Math.min(0.03, 0.5 / operation.parameters.length))) {
      query.push(...[generator.value(parameter.schema)].flat().map((value) => [parameter.name, value]));
    }
  }

  const [body] = operation.bodies;
  if (body?.type === "application/json") {
    let value = random.chance(0.7) ? structuredClone(random.of(body.examples)) : generator.value(body.schema);
    if (random.chance(0.3)) {
      // One member more than the example has.
      const other = generator.value(body.schema);
      const [name] = Object.keys(other).slice(-1);
      value = name && generator.fits(body.schema, value, name) ? { ...value, [name]: other[name] } : value;
    }
    if (operation.path === "/v1/runs" && value.name) {
      value.name = `n${number}`;
    }
    if (kind === "near") {
      request.isBroken = generator.broken(body.schema, value);
      value = request.isBroken?.value ?? value;
    }
    request.body = JSON.stringify(value);
    request.headers["content-type"] = body.type;
  } else if (body) {
    request.body = body.type === "application/x-npy" ? array(random, kind === "near") : checkpoint(random, kind);
    request.headers["content-type"] = body.type;
  }
  if (body?.type !== "application/json" && kind === "near") {
    breakQuery(operation, query, request, generator);
  }

  const answers = Object.keys(operation.operation.responses["200"]?.content ?? {});
  request.headers.accept = random.of([...answers, "*/*"]);
  // Watches of runs that wait do not end.
  request.headers["request-timeout"] = answers.includes("application/x-ndjson") ? "0.3" : random.of(["5", "5", "5", "0.001"]);
  if (random.chance(0.2)) {
    request.headers["x-correlation-id"] = random.text(5).replace(/[^ -~]/g, "-");
  }
  request.url = path + (query.length > 0 ? `?${query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&")}` : "");
  return kind === "wild" ? wild(request, random) : request;
}

// One parameter that the document does not allow.
function breakQuery(operation, query, request, generator) {
  const parameters = operation.parameters.filter((parameter) => parameter.in === "query");
  const owner = { type: "object", additionalProperties: false, properties: Object.fromEntries(parameters.map(({ name, schema }) => [name, schema])) };
  if (parameters.length === 0) {
    return;
  }
  const broken = generator.broken(owner, {});
  const wrong = Object.entries(broken.value)[0];
  // In a query all is text: a truth or a list is no wrong type of it.
  if (["below", "above", "enum", "long", "unknown", "fraction"].includes(broken.kind) && !query.some(([name]) => name === wrong[0])) {
    query.push(wrong);
    request.isBroken = { kind: broken.kind, field: wrong[0] };
  }
}

// Anything at all, that HTTP itself lets through.
function wild(request, random) {
  const change = random.of(["verb", "verb", "type", "accept", "encoding", "half", "garbage", "deep", "huge", "numbers", "path", "query", "timeout", "head", "empty", "twice"]);
  const json = { "content-type": "application/json" };
  const text = request.body?.toString() ?? "{}";
  request.kind = `wild ${change}`;
  switch (change) {
    case "verb":
      return { ...request, verb: random.of(["GET", "PUT", "PATCH", "POST", "DELETE", "OPTIONS", "PURGE", "TRACE"]) };
    case "type":
      return { ...request, headers: { ...request.headers, "content-type": random.of(["text/plain", "application/xml", "application/json; charset=utf-16", "multipart/form-data", "x", "application/json;;", ""]) } };
    case "accept":
      return { ...request, headers: { ...request.headers, accept: random.of(["text/html", "image/*", "application/json;q=0", "x", "*/*;q=0.1, text/plain", ", ,", "application/*"]) } };
    case "encoding":
      return { ...request, headers: { ...request.headers, "content-encoding": random.of(["gzip", "br", "x", "identity"]) } };
    case "half":
      return { ...request, body: Buffer.from(text).subarray(0, random.below(text.length)) };
    case "garbage":
      return { ...request, headers: { ...request.headers, ...json }, body: random.bytes(random.below(300)) };
    case "deep": {
      const depth = random.of([10, 63, 64, 65, 1000]);
      return { ...request, headers: { ...request.headers, ...json }, body: `${random.of(['{"spec":', "[", '{"gradients":[', '{"":'])}`.repeat(depth) };
    }
    case "huge":
      return { ...request, headers: { ...request.headers, ...json }, body: `{"${"x".repeat(random.of([10, 5000, 600000]))}": 1}` };
    case "numbers":
      return { ...request, body: text.replace(/-?[0-9]+(\.[0-9]+)?/g, (number) => (random.chance(0.3) ? random.of(["NaN", "1e400", "-1e400", "Infinity", "1e-400", "-0", "00", "1.", "9223372036854775808", "\"NaN\"", "\"Infinity\"", "null"]) : number)) };
    case "path":
      return { ...request, operation: null, verb: random.of(["GET", "POST"]), url: random.of(["/", "//", "/v1", "/v1/", "/v1/runs/", "/v1/runs/%2e%2e", "/v1/runs/%00", "/v1/runs/a%2fb", "/v1/runs:", "/v1/../v1/nothing", "/V1/RUNS", "/docs/", "/docs/x.js", "/health/", `/v1/${encodeURIComponent(random.text(9))}`, `/${"a/".repeat(200)}`]) };
    case "query":
      return { ...request, url: request.url.split("?")[0] + `?${encodeURIComponent(random.text(6))}=${encodeURIComponent(random.text(6))}&a&=&&b=%ff` };
    case "timeout":
      return { ...request, headers: { ...request.headers, [random.of(["request-timeout", "grpc-timeout"])]: random.of(["0", "-1", "NaN", "1e9", "x", "5S", "99999999999H", "", "0.0000001", "1u"]) } };
    case "head":
      return { ...request, verb: "HEAD", body: null };
    case "empty":
      return { ...request, body: null };
    default:
      return { ...request, body: text.replace(/^\{("[^"]*":)/, "{$1null,$1") };
  }
}

function judge(document, request, answer) {
  const { operation, verb } = request;
  const shown = `${answer.status} ${answer.body.toString().slice(0, 500)}`;
  if (answer.status >= 500 && ![501, 503, 504].includes(answer.status) && !isFaultOfValues(request, answer)) {
    return `a fault of the server: ${shown}`;
  }
  if (answer.status === 503 && verb !== "HEAD" && !reasonOf(answer)) {
    return `503 without a reason: ${shown}`;
  }

  const method = verb === "HEAD" ? "GET" : verb;
  const called = operation?.verb === method ? operation
    : document.operations.find((other) => operation && other.path === operation.path && other.verb === method);
  if (!called) {
    if (request.url.includes("%00")) {
      // That is no path to the listener, which has no words for it.
      return answer.status === 400 ? null : `unexpected: ${shown}`;
    }
    const isNowhere = !operation && [400, 404, 405, 406, 415].includes(answer.status);
    const isWrongMethod = operation && ((answer.status === 405 && answer.headers.allow) || (verb === "OPTIONS" && answer.status === 204) || answer.status === 400);
    return isNowhere || isWrongMethod ? (answer.status === 204 || verb === "HEAD" || reasonOf(answer) ? null : `without a reason: ${shown}`) : `unexpected: ${shown}`;
  }

  const problem = document.problemOf(called, answer, verb === "HEAD");
  if (problem) {
    return `${problem}\n  ${shown}`;
  }
  return request.isBroken ? judgeRefusal(request, answer, shown) : null;
}

// What the document does not allow is refused, and where a value is beyond a bound its field is named.
function judgeRefusal({ isBroken: { kind, field }, operation }, answer, shown) {
  const isReference = !operation.path.startsWith("/v1/");
  if (isReference && !["below", "above", "missing"].includes(kind)) {
    return null;
  }
  if ([404, 406, 409, 429, 504].includes(answer.status)) {
    return null;
  }
  if (answer.status !== (isReference ? 422 : 400)) {
    return `${kind} at ${field} was not refused: ${shown}`;
  }
  // What is around it may be what must not be there; of a file that is no checkpoint that alone is said.
  const names = field.split(/[.[\]]+/).filter((name) => name && !["spec", "start"].includes(name));
  const isNamed = names.some((name) => answer.body.includes(name))
    || operation.path === "/v1/runs:import" || (operation.bodies[0]?.type === "application/x-npy" && answer.body.includes("must not be set beside"));
  return ["below", "above"].includes(kind) && !isNamed ? `${kind} at ${field} is not named: ${shown}` : null;
}

// The reference's API has 500 for values of which nothing can be computed, and says so.
function isFaultOfValues({ url }, answer) {
  return answer.status === 500 && ["/nernst", "/federated/aggregate"].includes(url.split("?")[0]) && /gradient|infinite|finite/.test(reasonOf(answer) ?? "");
}

function reasonOf(answer) {
  try {
    const { message, detail } = JSON.parse(answer.body);
    return message || detail;
  } catch {
    return null;
  }
}

function note({ operation, verb, kind }, answer, seen) {
  for (const key of [`${answer.status} ${verb} ${operation?.path ?? "elsewhere"}`, `${kind.split(" ")[0]}: ${answer.status}`]) {
    seen.set(key, (seen.get(key) ?? 0) + 1);
  }
}

// What an export has made, or something like it.
function checkpoint(random, kind) {
  const bytes = Buffer.from(exported);
  if (kind !== "valid") {
    bytes[random.below(bytes.length)] ^= 1 << random.below(8);
  }
  return random.chance(0.2) ? bytes.subarray(0, random.below(bytes.length)) : bytes;
}

function array(random, isGood) {
  const shape = isGood ? "(8, 8)" : random.of(["(8, 8)", "(8, 8)", "(2, 8, 8)", "(4, 4)", "(1,)", "()", "(0, 8)", "(8, 8", "(100000, 100000)"]);
  const header = `{'descr': '${isGood ? "<f8" : random.of(["<f8", "<f8", "<f8", "<f4", ">f8", "|O"])}', 'fortran_order': ${isGood ? "False" : random.of(["False", "False", "True"])}, 'shape': ${shape}, }`.padEnd(117) + "\n";
  const cells = new Float64Array(64).fill(-0.07 + 0.01 * random.next());
  return Buffer.concat([Buffer.from("\x93NUMPY\x01\x00v\x00", "latin1"), Buffer.from(header), Buffer.from(cells.buffer)]);
}
