// A client that openapi-typescript has generated from the document, and nothing else, makes the calls. What it must not send does not compile.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import createClient from "openapi-fetch";
import type { components, paths } from "./generated/api.js";

const baseUrl = process.env["OPENAPI_USUAL_SERVER"]!;
const key = process.env["OPENAPI_KEY"]!;
const client = createClient<paths>({ baseUrl, headers: { "x-api-key": key } });

type Status = components["schemas"]["Status"];

let runId: string;

before(async () => {
  const { data, error } = await client.POST("/v1/runs", { body: { spec: { grid_size: 16, steps: 20, seed: 42 }, name: "generated" } });
  assert.equal(error, undefined);
  runId = data!.run!.run_id;
});

test("a number", async () => {
  const { data } = await client.POST("/v1/membrane:computeNernstPotential", { body: { valence: 1, outside_molar: 0.005, inside_molar: 0.14 } });
  assert.ok(Math.abs(data!.potential_millivolts - -89.0107) < 1e-3);
});

test("a field, whose integers of 64 bits are texts", async () => {
  const { data } = await client.POST("/v1/simulations:simulate", {
    body: { spec: { grid_size: 16, steps: 20, seed: "9223372036854775807" }, field_encoding: "FIELD_ENCODING_FLOAT32" },
  });
  assert.ok(typeof data === "object");
  const seed: string | undefined = data.summary!.spec!.seed;
  assert.equal(seed, "9223372036854775807");
  assert.equal(Buffer.from(data.field!.values, "base64").length, 16 * 16 * 4);
});

test("a refusal, with all that is wrong", async () => {
  const { error, response } = await client.POST("/v1/simulations:simulate", { body: { spec: { grid_size: 3, steps: 0 } } });
  const refusal: Status = error!;
  assert.equal(response.status, 400);
  const [detail] = refusal.details;
  assert.ok(detail && "field_violations" in detail);
  assert.deepEqual(detail.field_violations.map(({ field }) => field).sort(), ["spec.grid_size", "spec.steps"]);
});

test("runs: a page, one, a fork, its end", async () => {
  const page = await client.GET("/v1/runs", { params: { query: { page_size: 1, name: "generated" } } });
  assert.deepEqual(page.data!.runs.map(({ run_id }) => run_id), [runId]);
  const one = await client.GET("/v1/runs/{run_id}", { params: { path: { run_id: runId }, header: { "x-correlation-id": "generated-1" } } });
  assert.equal(one.data!.run!.name, "generated");
  assert.equal(one.response.headers.get("x-correlation-id"), "generated-1");
  const taken = await client.POST("/v1/runs", { body: { name: "generated" } });
  assert.equal(taken.response.status, 409);
  const fork = await client.POST("/v1/runs/{run_id}:fork", { params: { path: { run_id: runId } }, body: { step: "0", paused: true } });
  const forkId = fork.data!.run!.run_id;
  const steered = await client.POST("/v1/runs/{run_id}:steer", { params: { path: { run_id: forkId } }, body: { command: { command_id: "a", set_pace: { steps_per_second: 1 } } } });
  assert.equal(steered.data!.applied!.already_applied, false);
  const end = await client.DELETE("/v1/runs/{run_id}", { params: { path: { run_id: forkId } } });
  assert.equal(end.data!.run!.run_id, forkId);
  const gone = await client.GET("/v1/runs/{run_id}", { params: { path: { run_id: forkId } } });
  assert.equal(gone.response.status, 404);
});

test("a watch, line by line", async () => {
  const { data } = await client.GET("/v1/runs/{run_id}/watch", {
    params: { path: { run_id: runId }, query: { from_step: 0, every_n_steps: 5, field_encoding: "FIELD_ENCODING_FLOAT64" } },
    headers: { accept: "application/x-ndjson" },
    parseAs: "text",
  });
  const lines = data!.trimEnd().split("\n").map((line) => JSON.parse(line) as components["schemas"]["WatchRunResponseLine"]);
  const frames = lines.flatMap((line) => ("result" in line && line.result.snapshot ? [line.result] : []));
  assert.deepEqual(frames.map(({ step }) => step), ["0", "5", "10", "15", "20"]);
  const last = lines.at(-1)!;
  assert.ok("end" in last && last.end.code === 0);
});

test("a file out, and in again", async () => {
  const out = await client.GET("/v1/runs/{run_id}/export", { params: { path: { run_id: runId } }, parseAs: "arrayBuffer" });
  const back = await client.POST("/v1/runs:import", {
    params: { query: { "start.paused": true } },
    body: "",
    bodySerializer: () => out.data!,
    headers: { "content-type": "application/octet-stream" },
  });
  assert.equal(back.data!.run!.step, "20");
});

test("the Python service's paths, and what is wrong there", async () => {
  const { data } = await client.POST("/federated/aggregate", { body: { gradients: [[1, 2], [1.5, 2.5], [1.25, 2.25]], num_clusters: 1 } });
  assert.equal(data!.num_input_gradients, 3);
  const { error, response } = await client.POST("/simulate", { body: { grid_size: 7 } });
  assert.equal(response.status, 422);
  assert.ok(error && typeof error.detail !== "string");
  assert.deepEqual(error.detail[0]!.loc, ["body", "grid_size"]);
});

test("without a key nobody gets in, but to the document", async () => {
  const stranger = createClient<paths>({ baseUrl });
  const refused = await stranger.GET("/v1/runs", {});
  assert.deepEqual([refused.response.status, refused.response.headers.get("www-authenticate")], [401, "Bearer"]);
  assert.equal((await stranger.GET("/health", {})).data!.status, "healthy");
  assert.equal((await stranger.GET("/openapi.json", {})).response.status, 200);
  const bearer = createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${key}` } });
  assert.equal((await bearer.GET("/v1/runs", {})).response.status, 200);
});

// What the document does not allow is no TypeScript.
export async function neverCalled(): Promise<void> {
  // @ts-expect-error: there is no such member
  const spec: components["schemas"]["SimulationSpecInput"] = { grid_sise: 16 };
  await client.POST("/v1/simulations:simulate", { body: { spec } });
  // @ts-expect-error: a text is no size
  await client.POST("/v1/simulations:simulate", { body: { spec: { grid_size: "16" } } });
  // @ts-expect-error: there is no such value
  await client.POST("/v1/simulations:simulate", { body: { field_encoding: "FIELD_ENCODING_FLOAT16" } });
  // @ts-expect-error: a concentration is missing
  await client.POST("/v1/membrane:computeNernstPotential", { body: { outside_molar: 0.005 } });
  // @ts-expect-error: there is no such path
  await client.POST("/v1/simulations:simulat", {});
  // @ts-expect-error: the path's field is missing
  await client.GET("/v1/runs/{run_id}", { params: { path: { id: "a" } } });
}
