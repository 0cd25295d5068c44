// Requests made from the document, of a seed: valid, nearly valid, and wild.

/** A stream of random numbers, the same for a seed. */
export class Draw {
  constructor(seed) {
    this.state = seed >>> 0;
  }

  /** From 0 to below 1 (mulberry32). */
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  below(count) {
    return Math.floor(this.next() * count);
  }

  chance(share) {
    return this.next() < share;
  }

  of(list) {
    return list[this.below(list.length)];
  }

  bytes(count) {
    return Buffer.from(Array.from({ length: count }, () => this.below(256)));
  }

  text(count) {
    return Array.from({ length: count }, () => this.of(letters)).join("");
  }
}

const letters = [..."abcxyzABC019 _-.:/%&?#\"'\\<>{}[]\u0000\u0007\n\té€\u{1f344}\u202e"];
const mostDepth = 5;

export class Generator {
  constructor(document, seed) {
    this.document = document;
    this.draw = new Draw(seed);
  }

  /** A value that a schema allows. */
  value(schema, depth = 0) {
    schema = this.document.resolve(schema);
    const { draw } = this;
    if (schema.enum) {
      return draw.of(schema.enum);
    }
    if (schema.default !== undefined && draw.chance(0.1)) {
      return schema.default;
    }
    const type = Array.isArray(schema.type) ? draw.of(schema.type) : schema.type;
    switch (type) {
      case "object":
        return this.#object(schema, depth);
      case "array": {
        const most = Math.min(schema.maxItems ?? 3, Math.max(schema.minItems ?? 0, 3));
        const count = depth >= mostDepth ? (schema.minItems ?? 0) : (schema.minItems ?? 0) + draw.below(most - (schema.minItems ?? 0) + 1);
        return Array.from({ length: count }, () => this.value(schema.items, depth + 1));
      }
      case "boolean":
        return draw.chance(0.5);
      case "integer":
        return this.#number(schema, true);
      case "number":
        return this.#number(schema, false);
      default:
        return this.#text(schema);
    }
  }

  /** Whether an object may have one member more. */
  fits(schema, value, name) {
    schema = this.document.resolve(schema);
    return !schema.maxProperties && !(schema.not?.anyOf ?? []).some(({ required }) => required.includes(name) && required.some((other) => other !== name && other in value));
  }

  #object(schema, depth) {
    const { draw } = this;
    const names = Object.keys(schema.properties ?? {});
    const required = new Set(schema.required ?? []);
    const share = depth === 0 ? 0.5 : depth < mostDepth ? 0.25 : 0;
    let chosen = names.filter((name) => required.has(name) || draw.chance(share));
    if (schema.maxProperties) {
      chosen = draw.chance(0.9) && names.length > 0 ? [draw.of(names)] : [];
    }
    for (const { required: [first, second] } of schema.not?.anyOf ?? []) {
      if (chosen.includes(first)) {
        chosen = chosen.filter((name) => name !== second);
      }
    }
    return Object.fromEntries(chosen.map((name) => [name, this.value(schema.properties[name], depth + 1)]));
  }

  #number(schema, isInteger) {
    const { draw } = this;
    const least = schema.minimum ?? schema.exclusiveMinimum ?? (isInteger ? -1000 : -100);
    const most = schema.maximum ?? schema.exclusiveMaximum ?? Math.max(least, 0) + 1000;
    if (isInteger) {
      // Beyond these JavaScript cannot count.
      const [low, high] = [Math.max(least, Number.MIN_SAFE_INTEGER), Math.min(most, Number.MAX_SAFE_INTEGER)];
      return draw.chance(0.2) ? low : draw.chance(0.2) ? high : low + Math.floor(draw.next() * Math.min(high - low + 1, 100));
    }
    if (draw.chance(0.2) && schema.minimum !== undefined) {
      return schema.minimum;
    }
    if (draw.chance(0.2) && schema.maximum !== undefined) {
      return schema.maximum;
    }
    return least + (most - least) * (0.001 + 0.998 * draw.next());
  }

  #text(schema) {
    const { draw } = this;
    if (schema.pattern?.includes("[0-9]+$")) {
      return String(draw.below(1000));
    }
    if (schema.contentEncoding === "base64") {
      return draw.bytes(draw.below(Math.min(Math.floor((schema.maxLength ?? 64) / 4) * 3, 64) + 1)).toString("base64");
    }
    const length = (schema.minLength ?? 0) + draw.below(Math.min(schema.maxLength ?? 12, 12) + 1 - (schema.minLength ?? 0));
    return Array.from({ length }, () => draw.of([..."abcdefghij0123456789-"])).join("");
  }

  /** What the document does not allow: a copy with one thing wrong, and which; null if there is nothing to do wrong. */
  broken(schema, value) {
    const places = [];
    this.#collect(schema, value, [], places);
    if (places.length === 0) {
      return null;
    }
    const { path, kind, wrong, name } = this.draw.of(places);
    const copy = structuredClone(value);
    let owner = copy;
    for (const key of path) {
      owner = owner[key] ??= {};
    }
    if (kind === "missing") {
      delete owner[name];
    } else if (kind === "both") {
      Object.assign(owner, wrong);
    } else {
      owner[name] = wrong;
    }
    return { value: copy, kind, field: [...path, name].reduce((text, key) => (typeof key === "number" ? `${text}[${key}]` : text ? `${text}.${key}` : key), "") };
  }

  // All that can be done wrong where the value is, and at members that are not set.
  #collect(schema, value, path, places) {
    schema = this.document.resolve(schema);
    if (schema.type === "array") {
      value.forEach((element, i) => this.#collect(schema.items, element, [...path, i], places));
      return;
    }
    if (schema.type !== "object" || typeof value !== "object") {
      return;
    }
    if (schema.additionalProperties === false) {
      places.push({ path, kind: "unknown", name: "grid_sise", wrong: 1 });
    }
    for (const name of schema.required ?? []) {
      if (name in value) {
        places.push({ path, kind: "missing", name });
      }
    }
    const taken = (schema.not?.anyOf ?? []).filter(({ required: [first, second] }) => first in value || second in value);
    for (const { required: [first, second] } of taken) {
      places.push({ path, kind: "both", name: second, wrong: { [first]: value[first] ?? this.value(schema.properties[first], mostDepth), [second]: value[second] ?? this.value(schema.properties[second], mostDepth) } });
    }
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      if (schema.maxProperties === 1 && Object.keys(value).length > 0 && !(name in value)) {
        continue;
      }
      const isTaken = taken.some(({ required }) => required.includes(name)) && !(name in value);
      if (!isTaken) {
        for (const [kind, wrong] of this.#wrongs(this.document.resolve(property))) {
          places.push({ path, kind, name, wrong });
        }
      }
      if (name in value) {
        this.#collect(property, value[name], [...path, name], places);
      }
    }
  }

  #wrongs(schema) {
    const wrongs = [];
    const types = [schema.type].flat();
    const isNumber = types.includes("integer") || types.includes("number");
    if (isNumber) {
      const step = types.includes("integer") ? 1 : Math.max(Math.abs(schema.minimum ?? schema.maximum ?? 0) * 1e-6, 1e-9);
      // Where 0 is beyond a range it stands for what is not set.
      const below = schema.minimum !== undefined ? schema.minimum - step : schema.exclusiveMinimum;
      const above = schema.maximum !== undefined ? schema.maximum + step : schema.exclusiveMaximum;
      if (below !== undefined && below !== 0 && Math.abs(below) < Number.MAX_SAFE_INTEGER) {
        wrongs.push(["below", below]);
      }
      if (above !== undefined && Math.abs(above) < Number.MAX_SAFE_INTEGER) {
        wrongs.push(["above", above]);
      }
      wrongs.push(["type", true], ["type", []]);
      if (types.includes("integer")) {
        wrongs.push(["fraction", 1.5]);
      }
    } else if (types.includes("boolean")) {
      wrongs.push(["type", "yes"], ["type", 1]);
    } else if (types.includes("array")) {
      wrongs.push(["type", {}], ["type", 1]);
    } else if (types.includes("object")) {
      wrongs.push(["type", 1], ["type", "x"], ["type", [{}]]);
    } else if (types.includes("string")) {
      wrongs.push(["type", {}], ["type", false]);
      if (schema.enum) {
        wrongs.push(["enum", "NO_SUCH_VALUE"]);
      } else if (schema.maxLength) {
        wrongs.push(["long", schema.contentEncoding ? "A".repeat(Math.ceil((schema.maxLength + 4) / 4) * 4) : "x".repeat(schema.maxLength + 1)]);
      }
    }
    return wrongs;
  }
}
