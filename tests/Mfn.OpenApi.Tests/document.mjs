// The document that a server serves, and whether an answer is one that it declares.
import Ajv from "ajv/dist/2020.js";

export class ApiDocument {
  #ajv;
  #validators = new Map();

  constructor(document) {
    this.document = document;
    // The formats that it names are of numbers, which JSON has, and bytes.
    this.#ajv = new Ajv({ strict: false, validateFormats: false, allErrors: false });
    this.#ajv.addSchema({ ...document, $id: "document" });
    this.operations = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([verb, operation]) => ({
        path,
        verb: verb.toUpperCase(),
        operation,
        pointer: `#/paths/${escape(path)}/${verb}`,
        parameters: (operation.parameters ?? []).map((parameter) => this.resolve(parameter)),
        bodies: Object.entries(operation.requestBody?.content ?? {}).map(([type, { schema, examples }]) => ({
          type, schema, examples: Object.values(examples ?? {}).map((example) => example.value),
        })),
      })));
  }

  /** What a reference refers to, or the same. */
  resolve(node) {
    while (node?.$ref) {
      node = node.$ref.slice(2).split("/").reduce((found, key) => found[key.replaceAll("~1", "/").replaceAll("~0", "~")], this.document);
    }
    return node;
  }

  /** What is wrong with an answer of an operation; nothing if the document has it. */
  problemOf({ pointer, operation, verb }, { status, headers, body, isCut }, isHead = false) {
    let at = `${pointer}/responses/${status}`;
    let response = operation.responses[status];
    if (!response) {
      return `${verb} has no answer ${status}`;
    }
    if (response.$ref) {
      at = response.$ref;
      response = this.resolve(response);
    }

    for (const [name, header] of Object.entries(response.headers ?? {})) {
      const problem = this.#problemOfHeader(headers[name.toLowerCase()], this.resolve(header).schema);
      if (problem) {
        return `${name}: ${problem}`;
      }
    }

    if (!response.content) {
      return body.length === 0 ? null : `${status} must have no body`;
    }
    const type = Object.keys(response.content).find((each) => each.toLowerCase() === headers["content-type"]?.toLowerCase());
    if (!type) {
      return `${status} must be ${Object.keys(response.content).join(" or ")}, but was ${headers["content-type"]}`;
    }
    if (isHead) {
      return body.length === 0 ? null : "HEAD must have no body";
    }

    const schema = `${at}/content/${escape(type)}/schema`;
    switch (type) {
      case "application/json":
        return isCut ? null : this.problemOfJson(schema, body);
      case "application/x-ndjson": {
        const lines = body.toString().split("\n");
        const rest = lines.pop();
        for (const line of lines) {
          const problem = this.problemOfJson(`${schema}/contentSchema`, line);
          if (problem) {
            return problem;
          }
        }
        return isCut || (rest === "" && /^\{"(end|error)"/.test(lines.at(-1) ?? "")) ? null : "the last line must say how the stream ended";
      }
      case "text/event-stream":
        return this.#problemOfEvents(body.toString(), isCut, this.resolve(response.content["application/x-ndjson"].schema.contentSchema));
      default:
        return null;
    }
  }

  problemOfJson(schema, text) {
    let value;
    try {
      value = JSON.parse(text);
    } catch (error) {
      return `${error.message}: ${text.toString().slice(0, 200)}`;
    }
    return this.#problemOfValue(schema, value);
  }

  #problemOfValue(schema, value) {
    if (!this.#validators.has(schema)) {
      this.#validators.set(schema, this.#ajv.compile({ $ref: `document${schema}` }));
    }
    const validate = this.#validators.get(schema);
    return validate(value) ? null : `${this.#ajv.errorsText(validate.errors)}: ${JSON.stringify(value).slice(0, 400)}`;
  }

  // An event's data is what a line of JSON has as its result, end or error.
  #problemOfEvents(text, isCut, line) {
    const member = (name) => line.oneOf.map((each) => each.properties[name]).find(Boolean).$ref;
    const events = text.split("\n\n");
    const rest = events.pop();
    let last = "";
    for (const event of events) {
      const fields = Object.fromEntries(event.split("\n").map((each) => [each.slice(0, each.indexOf(": ")), each.slice(each.indexOf(": ") + 2)]));
      last = fields.event ?? "";
      const problem = this.problemOfJson(member(last || "result"), fields.data);
      if (problem) {
        return problem;
      }
    }
    return isCut || (rest === "" && last !== "") ? null : "the last event must say how the stream ended";
  }

  #problemOfHeader(value, schema) {
    if (value === undefined) {
      return null;
    }
    return schema.type === "integer" && !/^[0-9]+$/.test(value) ? `${value} is no integer`
      : schema.pattern && !new RegExp(schema.pattern).test(value) ? `${value} does not match ${schema.pattern}`
      : null;
  }
}

const escape = (key) => key.replaceAll("~", "~0").replaceAll("/", "~1");
