// grpc-js through a proxy. Usage: node client.mjs many|watch ADDRESS AUTHORITY RUN-ID [COUNT]. Prints a JSON object.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { call, contracts, next, stream } from '../Mfn.Interop.Tests/node/server.js';
import { Watcher } from '../Mfn.Interop.Tests/node/watcher.js';

const { credentials } = createRequire(new URL('../Mfn.Interop.Tests/node/package.json', import.meta.url))('@grpc/grpc-js');
const [what, address, authority, run_id, count] = process.argv.slice(2);
const client = new contracts.mfn.v1.RunService(address, credentials.createSsl(readFileSync(authority)));

/** Opens watches, calls something else beside them, and waits until each has its first frame and the one of a step that is taken then. */
async function watchMany() {
    const options = { deadline: Date.now() + 120_000 };
    const watches = Array.from({ length: Number(count) }, () => {
        const watch = stream(client, 'WatchRun', { run_id, field_encoding: 'FIELD_ENCODING_FLOAT32' }, options);
        watch.on('error', () => {});
        return { watch, messages: watch[Symbol.asyncIterator]() };
    });
    const first = await Promise.all(watches.map(({ messages }) => next(messages)));
    const { run } = await call(client, 'GetRun', { run_id });
    const steering = client.SteerRun(options);
    steering.on('error', () => {});
    steering.resume();
    steering.write({ run_id, command: { command_id: `${process.pid}`, take_steps: { steps: 1 } } });
    const second = await Promise.all(watches.map(({ messages }) => next(messages)));
    return {
        watches: watches.length,
        together: first.every(({ step }) => step === run.step) && second.every(({ step }) => Number(step) === Number(run.step) + 1),
    };
}

/** Watches a run to its end, through however many streams. */
async function watchThrough() {
    const watcher = new Watcher(client, { run_id, from_step: 0, field_encoding: 'FIELD_ENCODING_QUANTIZED16', key_frame_interval: 20 });
    const losses = [];
    console.log('watching');
    while (watcher.kinds.at(-1) !== 'end') {
        try {
            await watcher.watch();
        } catch (error) {
            if (error.code === undefined || losses.length > 3000) {
                throw error;
            }
            losses.push(error.code);
            await setTimeout(100);
        }
    }
    return { steps: watcher.frames.map(({ step }) => step), gaps: watcher.kinds.filter((kind) => kind === 'gap').length, losses };
}

console.log(JSON.stringify(await (what === 'many' ? watchMany() : watchThrough())));
process.exit(0);
