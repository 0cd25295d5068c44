import assert from 'node:assert/strict';
import test from 'node:test';
import { status } from '@grpc/grpc-js';
import {
    addresses,
    call,
    connect,
    contracts,
    longRun,
    next,
    retryDelayMilliseconds,
    simulateWhenFree,
    stream,
} from './server.js';

const { SimulationService } = contracts.mfn.v1;

test('StreamSimulation, every step: has all frames in order, then what Simulate answers', async (t) => {
    const client = connect(t, SimulationService);
    const request = { spec: { grid_size: 24, steps: 50, seed: 7 }, field_encoding: 'FIELD_ENCODING_FLOAT64' };

    const simulated = await call(client, 'Simulate', request);
    const messages = await stream(client, 'StreamSimulation', request).toArray();

    const frames = messages.slice(0, -1).map((message) => message.frame);
    const { summary } = messages.at(-1);
    assert.deepEqual(
        messages.map((message) => message.sequence),
        oneByOne(0, 50).map(String),
    );
    assert.deepEqual(
        frames.map((frame) => frame.step),
        oneByOne(1, 50),
    );
    assert.deepEqual(summary, simulated.summary);
    assert.deepEqual(frames.at(-1).field, simulated.field);
    assert.deepEqual(frames.at(-1).statistics, summary.statistics);
    assertGrowthEventsAddUp(frames, summary);
});

test('StreamSimulation, every 7th step: has those frames, the last one, and all growth events', async (t) => {
    const client = connect(t, SimulationService);

    const messages = await stream(client, 'StreamSimulation', {
        spec: { grid_size: 16, steps: 60 },
        every_n_steps: 7,
    }).toArray();

    const frames = messages.slice(0, -1).map((message) => message.frame);
    assert.deepEqual(
        frames.map((frame) => frame.step),
        [7, 14, 21, 28, 35, 42, 49, 56, 60],
    );
    assert.deepEqual(
        messages.map((message) => message.sequence),
        oneByOne(0, 9).map(String),
    );
    assert.ok(frames.every((frame) => frame.field === null));
    assertGrowthEventsAddUp(frames, messages.at(-1).summary);
});

test('StreamSimulation, one run too many: is refused until the first is cancelled', async (t) => {
    const client = connect(t, SimulationService, { address: addresses.singleRun });
    const first = stream(client, 'StreamSimulation', { spec: longRun });
    const messages = first.iterator();
    assert.equal((await next(messages)).frame.step, 1);

    await assert.rejects(call(client, 'Simulate', {}), (error) => {
        assert.equal(error.code, status.RESOURCE_EXHAUSTED);
        assert.match(error.details, /The most computations that the server allows, 1, are under way\. Try again when one has ended\.$/);
        assert.equal(retryDelayMilliseconds(error), 1000);
        return true;
    });

    first.cancel();
    await assert.rejects(drain(messages), { code: status.CANCELLED });
    const { summary } = await simulateWhenFree(client, {});
    assert.equal(summary.spec.steps, 64);
});

test('StreamSimulation, deadline passes: ends with DEADLINE_EXCEEDED and frees the run', async (t) => {
    const client = connect(t, SimulationService, { address: addresses.singleRun });
    const messages = stream(client, 'StreamSimulation', { spec: longRun }, { deadline: Date.now() + 1000 }).iterator();

    await assert.rejects(drain(messages), { code: status.DEADLINE_EXCEEDED });

    const { summary } = await simulateWhenFree(client, {});
    assert.equal(summary.spec.steps, 64);
});

test('Simulate, deadline passes: ends with DEADLINE_EXCEEDED and frees the run', async (t) => {
    const client = connect(t, SimulationService, { address: addresses.singleRun });

    await assert.rejects(call(client, 'Simulate', { spec: longRun }, { deadline: Date.now() + 500 }), {
        code: status.DEADLINE_EXCEEDED,
    });

    const { summary } = await simulateWhenFree(client, {});
    assert.equal(summary.spec.steps, 64);
});

/** Reads to the end; rejects with the call's status unless that is OK. */
async function drain(messages) {
    while (!(await messages.next()).done);
}

function oneByOne(first, last) {
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function assertGrowthEventsAddUp(frames, summary) {
    const steps = frames.flatMap((frame) => frame.growth_events).map((growthEvent) => growthEvent.step);
    assert.notEqual(steps.length, 0);
    assert.equal(String(steps.length), summary.growth_event_count);
    assert.deepEqual(
        steps,
        [...new Set(steps)].sort((a, b) => a - b),
    );

    // Each event comes with the first frame that shows it.
    let previous = 0;
    for (const frame of frames) {
        assert.ok(frame.growth_events.every(({ step }) => step > previous && step <= frame.step));
        previous = frame.step;
    }
}
