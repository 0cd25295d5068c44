// A watcher of live runs, written from the contract alone: it checks every message and rebuilds every field.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import { stream } from './server.js';

const kinds = {
    snapshot: 7,
    delta: 8,
    caught_up: 9,
    fell_behind: 10,
    heartbeat: 11,
    gap: 12,
    end: 13,
};

const cellTypes = {
    FIELD_ENCODING_FLOAT64: { Bits: BigUint64Array, Numbers: Float64Array },
    FIELD_ENCODING_FLOAT32: { Bits: Uint32Array, Numbers: Float32Array },
    FIELD_ENCODING_QUANTIZED16: { Bits: Uint16Array },
    FIELD_ENCODING_QUANTIZED8: { Bits: Uint8Array },
};

export const encodings = Object.keys(cellTypes);

/** What one watcher was sent, over all the streams that it took. */
export class Watcher {
    /** The frames with fields so far; numbers and largestError in volts. */
    frames = [];
    /** The kinds of all messages so far. */
    kinds = [];
    /** Resumes after the last message. */
    token = undefined;

    #client;
    #request;
    #epoch = undefined;
    #chain = Buffer.alloc(32);
    #bits = undefined;

    constructor(client, request) {
        this.#client = client;
        this.#request = request;
    }

    /** Watches on from the last message, until the stream ends or isEnough says so of a message. */
    async watch(isEnough = () => false) {
        const start = this.token && { from_step: undefined, resume_token: this.token };
        const call = stream(this.#client, 'WatchRun', { ...this.#request, ...start });
        // What the loop below throws is enough; after it, the call has nothing more to say.
        call.on('error', () => {});
        try {
            for await (const message of call) {
                this.#accept(message);
                if (isEnough(message)) {
                    return;
                }
            }
        } finally {
            call.cancel();
        }
    }

    #accept(message) {
        const kind = Object.keys(kinds).find((each) => message[each]);
        this.#epoch ??= message.epoch;
        assert.equal(message.epoch, this.#epoch);
        assert.equal(message.sequence, String(this.kinds.length));
        const { snapshot, delta } = message;
        const payload = snapshot?.field?.values ?? delta?.compressed_differences ?? Buffer.alloc(0);
        assert.deepEqual(message.chain, chainAfter(this.#chain, message, kind, payload));

        if (snapshot?.field) {
            const { Bits } = cellTypes[snapshot.field.encoding];
            this.#addFrame(kind, message, snapshot.field, new Bits(copyOf(snapshot.field.values)));
        } else if (delta) {
            const base = this.frames.at(-1);
            assert.deepEqual([delta.base_step, delta.base_revision], [String(base.step), base.revision]);
            this.#addFrame(kind, message, delta.field, addDifferences(this.#bits, delta));
        }

        this.#chain = message.chain;
        this.kinds.push(kind);
        this.token = message.token;
    }

    #addFrame(kind, message, field, bits) {
        assert.equal(bits.length, field.rows * field.columns);
        this.#bits = bits;
        this.frames.push({
            kind,
            step: Number(message.step),
            revision: message.revision,
            numbers: decode(field, bits),
            largestError: field.largest_error_volts,
        });
    }
}

function chainAfter(chain, message, kind, payload) {
    const numbers = Buffer.alloc(33);
    numbers.writeBigUInt64LE(BigInt(message.epoch), 0);
    numbers.writeBigInt64LE(BigInt(message.sequence), 8);
    numbers.writeBigInt64LE(BigInt(message.step), 16);
    numbers.writeBigInt64LE(BigInt(message.revision), 24);
    numbers[32] = kinds[kind];
    return sha256(chain, numbers, sha256(payload));
}

function sha256(...parts) {
    const hash = createHash('sha256');
    parts.forEach((part) => hash.update(part));
    return hash.digest();
}

/** The bits of a frame's cells from those of the frame that it builds on. */
function addDifferences(base, { field, compressed_differences: compressed }) {
    const { Bits } = cellTypes[field.encoding];
    assert.equal(base.constructor, Bits);
    const planes = inflateSync(compressed);
    const width = Bits.BYTES_PER_ELEMENT;
    assert.equal(planes.length, base.length * width);
    const convert = Bits === BigUint64Array ? (number) => number : Number;
    return Bits.from(base, (cell, index) => {
        let folded = 0n;
        for (let place = width - 1; place >= 0; place--) {
            folded = (folded << 8n) | BigInt(planes[place * base.length + index]);
        }

        const difference = folded & 1n ? ~(folded >> 1n) : folded >> 1n;
        return convert(BigInt.asUintN(8 * width, BigInt(cell) + difference));
    });
}

function decode(field, bits) {
    const { Numbers } = cellTypes[field.encoding];
    return Numbers
        ? Float64Array.from(new Numbers(bits.buffer))
        : Float64Array.from(bits, (q) => (Number(field.first_level) + q) * field.quantum_volts);
}

/** The bytes at an address that suits any cell. */
function copyOf(buffer) {
    return Uint8Array.from(buffer).buffer;
}
