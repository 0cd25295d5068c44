import assert from 'node:assert/strict';
import test from 'node:test';
import { status } from '@grpc/grpc-js';
import { call, connect, contracts, deleteAfter, next, stream } from './server.js';
import { encodings, Watcher } from './watcher.js';

const { RunService, SimulationService } = contracts.mfn.v1;
const spec = { grid_size: 20, steps: 60, seed: 11 };
const float64 = 'FIELD_ENCODING_FLOAT64';

test('WatchRun, from step 0: has the bits of StreamSimulation, then an end', async (t) => {
    const client = connect(t, RunService);
    const run = await deleteAfter(t, call(client, 'CreateRun', { spec }));

    const frames = await watchToTheEnd(client, { run_id: run.run_id, from_step: 0, field_encoding: float64 });

    const streamed = await stream(connect(t, SimulationService), 'StreamSimulation', { spec, field_encoding: float64 }).toArray();
    assert.deepEqual(
        frames.slice(1).map((frame) => [frame.step, Buffer.from(frame.numbers.buffer)]),
        streamed.slice(0, -1).map(({ frame }) => [frame.step, frame.field.values]),
    );
});

for (const encoding of encodings) {
    for (const interval of [1, 8]) {
        test(`WatchRun, ${encoding}, a key frame in ${interval}, cut and resumed: has the steered field`, async (t) => {
            const client = connect(t, RunService);
            const run = await steeredRun(t, client);
            const expected = await watchToTheEnd(client, { run_id: run.run_id, from_step: 0, field_encoding: float64 });
            assert.equal(expected.length, 62);

            const watcher = new Watcher(client, {
                run_id: run.run_id,
                from_step: 0,
                field_encoding: encoding,
                key_frame_interval: interval,
            });
            for (const count of [1, 11, 12, 30, 59]) {
                await watcher.watch(() => watcher.kinds.length === count);
                assert.equal(watcher.kinds.length, count);
            }
            await watcher.watch();

            assert.equal(watcher.kinds.at(-1), 'end');
            assert.equal(watcher.frames.some((frame) => frame.kind === 'delta'), interval > 1);
            assertSameRun(watcher.frames, expected);
            for (const [index, { numbers, largestError }] of watcher.frames.entries()) {
                assertDecoded(encoding, numbers, expected[index].numbers, largestError);
            }
        });
    }
}

test('SteerRun: pauses, edits, steps and resumes, each command once however often it is sent', async (t) => {
    const client = connect(t, RunService);
    const endless = { spec: { grid_size: 20 }, steps_per_second: 100, stop: { never: true }, paused: true };
    const run = await deleteAfter(t, call(client, 'CreateRun', endless));
    const watcher = new Watcher(client, { run_id: run.run_id, field_encoding: float64, backlog_frames: 1024 });
    const steering = steer(t, client, run.run_id);
    const edit = addPotential('edit', 7.5, { row: 2, column: 3, rows: 4, columns: 5 });

    const first = await steering({ command_id: 'ten', take_steps: { steps: 10 } });
    await watcher.watch((message) => message.step === '10');
    const edited = await steering(edit);
    const again = await steering(edit);
    const another = await steering(addPotential('edit', 8, { row: 2, column: 3, rows: 4, columns: 5 }));
    const outside = await steering(addPotential('outside', 1, { row: 20, column: 0, rows: 1, columns: 1 }));
    await watcher.watch((message) => message.step === '10' && message.revision === '1');
    await steering({ command_id: 'go', resume: {} });
    await watcher.watch((message) => message.step === '30');
    const paused = await steering({ command_id: 'stop', pause: {} });

    assert.deepEqual(first.applied, { step: '0', revision: '0', already_applied: false });
    assert.deepEqual(edited.applied, { step: '10', revision: '1', already_applied: false });
    assert.deepEqual(again.applied, { step: '10', revision: '1', already_applied: true });
    assert.equal(another.refused.code, status.ALREADY_EXISTS);
    assert.equal(outside.refused.code, status.INVALID_ARGUMENT);
    const now = (await call(client, 'GetRun', { run_id: run.run_id })).run;
    assert.deepEqual([now.state, now.step, now.revision], ['RUN_STATE_PAUSED', paused.applied.step, '1']);

    const at = watcher.frames.findIndex((frame) => frame.revision === '1');
    const [before, after] = [watcher.frames[at - 1], watcher.frames[at]];
    assert.deepEqual([before.step, before.revision, after.step], [10, '0', 10]);
    after.numbers.forEach((number, index) => {
        const [row, column] = [Math.floor(index / 20), index % 20];
        const added = row >= 2 && row < 6 && column >= 3 && column < 8 ? 0.0075 : 0;
        assert.ok(Math.abs(number - before.numbers[index] - added) < 1e-15, `cell (${row}, ${column})`);
    });
});

test('ListRuns, page by page: has the runs once, the latest first', async (t) => {
    const client = connect(t, RunService);
    const own = [];
    for (let i = 0; i < 3; i++) {
        own.push((await deleteAfter(t, call(client, 'CreateRun', { spec, paused: true }))).run_id);
    }

    const listed = [];
    let page_token = '';
    do {
        const page = await call(client, 'ListRuns', { page_size: 2, page_token, state: 'RUN_STATE_PAUSED' });
        listed.push(...page.runs);
        page_token = page.next_page_token;
    } while (page_token);

    assert.ok(listed.every((run) => run.state === 'RUN_STATE_PAUSED'));
    const created = listed.map((run) => Number(run.created_unix_seconds));
    assert.deepEqual(created, created.toSorted((a, b) => b - a));
    assert.deepEqual(listed.map((run) => run.run_id).filter((id) => own.includes(id)).toSorted(), own.toSorted());
});

test('ForkRun: without changes goes on as its parent, with changes otherwise', async (t) => {
    const client = connect(t, RunService);
    const parent = await steeredRun(t, client);
    const watched = { from_step: 30, field_encoding: float64 };

    const fork = (changes) => deleteAfter(t, call(client, 'ForkRun', { run_id: parent.run_id, step: 30, changes }));
    const same = await fork();
    const other = await fork({ alpha: 0.05 });

    const expected = await watchToTheEnd(client, { run_id: parent.run_id, ...watched });
    const frames = await watchToTheEnd(client, { run_id: same.run_id, ...watched });
    const changed = await watchToTheEnd(client, { run_id: other.run_id, ...watched });
    assert.deepEqual(frames, expected);
    assert.equal(changed.at(-1).step, 60);
    assert.notDeepEqual(changed.at(-1).numbers, expected.at(-1).numbers);
    assert.equal(other.spec.alpha, 0.05);
    const ended = await Promise.all([parent, same, other].map(({ run_id }) => call(client, 'GetRun', { run_id })));
    const [parentIdentity, sameIdentity, otherIdentity] = ended.map(({ run }) => run.identity);
    assert.deepEqual(sameIdentity, parentIdentity);
    assert.notDeepEqual(otherIdentity, parentIdentity);
});

test('ExportRun, ImportRun: the imported run goes on as the exported one, and damage is refused', async (t) => {
    const client = connect(t, RunService);
    const parent = await steeredRun(t, client);

    const exported = await stream(client, 'ExportRun', { run_id: parent.run_id, step: 30 }).toArray();
    const checkpoint = Buffer.concat(exported.map((message) => message.chunk));
    const imported = await importRun(t, client, checkpoint);
    const damaged = Buffer.from(checkpoint);
    damaged[damaged.length >> 1] ^= 1;

    await assert.rejects(importRun(t, client, damaged), { code: status.INVALID_ARGUMENT });
    await assert.rejects(importRun(t, client, checkpoint.subarray(0, -1)), { code: status.INVALID_ARGUMENT });
    const watched = { from_step: 30, field_encoding: float64 };
    const frames = await watchToTheEnd(client, { run_id: imported.run_id, ...watched });
    assert.notEqual(imported.run_id, parent.run_id);
    assert.deepEqual(frames, await watchToTheEnd(client, { run_id: parent.run_id, ...watched }));
});

test('DeleteRun: ends its watchers, then nobody finds it', async (t) => {
    const client = connect(t, RunService);
    const { run } = await call(client, 'CreateRun', { spec, paused: true });
    const watcher = new Watcher(client, { run_id: run.run_id });
    let watching;
    await new Promise((resolve) => {
        watching = watcher.watch(() => resolve());
    });

    assert.equal((await call(client, 'DeleteRun', { run_id: run.run_id })).run.run_id, run.run_id);

    await watching;
    assert.deepEqual(watcher.kinds, ['snapshot', 'end']);
    const refusals = [
        call(client, 'GetRun', { run_id: run.run_id }),
        call(client, 'DeleteRun', { run_id: run.run_id }),
        call(client, 'ForkRun', { run_id: run.run_id }),
        new Watcher(client, { run_id: run.run_id }).watch(),
        watcher.watch(),
        steer(t, client, run.run_id)({ command_id: 'late', pause: {} }),
    ];
    await Promise.all(refusals.map((refusal) => assert.rejects(refusal, { code: status.NOT_FOUND })));
});

/** A run that was edited after step 25, and has gone on to its end. */
async function steeredRun(t, client) {
    const run = await deleteAfter(t, call(client, 'CreateRun', { spec, paused: true }));
    const steering = steer(t, client, run.run_id);
    const watcher = new Watcher(client, { run_id: run.run_id, every_n_steps: 25 });
    await steering({ command_id: 'a', take_steps: { steps: 25 } });
    await watcher.watch((message) => message.step === '25');
    await steering(addPotential('b', 12.25, { row: 1, column: 1, rows: 10, columns: 10 }));
    await steering({ command_id: 'c', resume: {} });
    await watcher.watch();
    assert.equal(watcher.kinds.at(-1), 'end');
    return run;
}

/** A function that sends a command and resolves to its outcome. */
function steer(t, client, runId) {
    const steering = client.SteerRun({ deadline: Date.now() + 30_000 });
    t.after(() => steering.end());
    const outcomes = steering.iterator();
    return async (command) => {
        steering.write({ run_id: runId, command });
        let outcome;
        do {
            outcome = await next(outcomes);
        } while (outcome.heartbeat);
        return outcome;
    };
}

function addPotential(command_id, millivolts, region) {
    return { command_id, add_potential: { region, millivolts } };
}

/** Imports a checkpoint in chunks, as a run to step 60 that is deleted when the test ends. */
function importRun(t, client, checkpoint) {
    const importing = new Promise((resolve, reject) => {
        const chunks = client.ImportRun({ deadline: Date.now() + 30_000 }, (error, response) =>
            error ? reject(error) : resolve(response),
        );
        chunks.write({ start: { stop: { after_step: 60 } } });
        for (let begin = 0; begin < checkpoint.length; begin += 4000) {
            chunks.write({ chunk: checkpoint.subarray(begin, begin + 4000) });
        }
        chunks.end();
    });
    return deleteAfter(t, importing);
}

/** The frames of a run that may still be under way, as fast as it can: all of its frames may have to wait. */
async function watchToTheEnd(client, request) {
    const watcher = new Watcher(client, { ...request, backlog_frames: 100 });
    await watcher.watch();
    assert.equal(watcher.kinds.at(-1), 'end');
    return watcher.frames;
}

function assertSameRun(actual, expected) {
    const positions = (frames) => frames.map(({ step, revision }) => [step, revision]);
    assert.deepEqual(positions(actual), positions(expected));
}

/** Asserts that the numbers are the computed ones, to the bit or within the error that the frame states. */
function assertDecoded(encoding, numbers, computed, largestError) {
    const bits = (cells) => Buffer.from(cells.buffer);
    switch (encoding) {
        case 'FIELD_ENCODING_FLOAT64':
            assert.equal(largestError, 0);
            assert.deepEqual(bits(numbers), bits(computed));
            break;
        case 'FIELD_ENCODING_FLOAT32':
            assert.deepEqual(bits(numbers), bits(computed.map(Math.fround)));
            break;
        default: {
            // Levels twice as far apart as they must be, for their distance is a power of two.
            const levels = encoding === 'FIELD_ENCODING_QUANTIZED8' ? 255 : 65535;
            assert.ok(largestError <= (Math.max(...computed) - Math.min(...computed)) / levels);
        }
    }

    assert.ok(numbers.every((number, index) => Math.abs(number - computed[index]) <= largestError));
}
