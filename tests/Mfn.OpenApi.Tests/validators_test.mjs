// Two validators, which know nothing of each other, find the document to be one of OpenAPI 3.1.
import { Validator } from "@seriousme/openapi-schema-validator";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { send } from "./wire.mjs";

const path = process.env.OPENAPI_DOCUMENT;

// The document and copies of it that are wrong: a validator that finds nothing wrong with these finds nothing.
const wrong = {
  "a parameter in no place": (document) => { document.components.parameters.CorrelationId.in = "nowhere"; },
  "an answer without a description": (document) => { delete document.paths["/v1/runs"].get.responses["200"].description; },
  "a path without its slash": (document) => { document.paths.nowhere = {}; },
};

test("seriousme's validator takes it, and refuses wrong ones", async () => {
  const found = await new Validator().validate(JSON.parse(readFileSync(path)));
  assert.deepEqual([found.valid, found.errors], [true, undefined]);
  for (const [name, spoil] of Object.entries(wrong)) {
    const document = JSON.parse(readFileSync(path));
    spoil(document);
    assert.equal((await new Validator().validate(document)).valid, false, name);
  }
});

test("Redocly takes it without a warning", () => {
  const said = execFileSync(process.execPath, ["node_modules/@redocly/cli/bin/cli.js", "lint", "--format=json", "--config=redocly.yaml", path], { stdio: ["ignore", "pipe", "ignore"], encoding: "utf8" });
  const { totals, version } = JSON.parse(said.slice(said.indexOf("{")));
  assert.deepEqual([totals, typeof version], [{ errors: 0, warnings: 0, ignored: 0 }, "string"]);
});

test("it is what a server with the usual limits serves", async () => {
  const { status, headers, body } = await send(process.env.OPENAPI_USUAL_SERVER, { verb: "GET", url: "/openapi.json" });
  assert.deepEqual([status, headers["content-type"], body.toString()], [200, "application/json", readFileSync(path, "utf8")]);
});
