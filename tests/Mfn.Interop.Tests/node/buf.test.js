import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import test from 'node:test';
import { promisify } from 'node:util';
import { addresses } from './server.js';

// The binary alone: the package around it also wants binaries for platforms that this suite does not run on.
const platform = { x64: 'linux-x64', arm64: 'linux-aarch64' }[process.arch];
const buf = createRequire(import.meta.url).resolve(`@bufbuild/buf-${platform}/bin/buf`);

test('buf curl, list of services: names all services', async () => {
    const { stdout } = await curl('--list-services', url());

    assert.deepEqual(stdout.trim().split('\n').sort(), [
        'grpc.health.v1.Health',
        'grpc.reflection.v1.ServerReflection',
        'grpc.reflection.v1alpha.ServerReflection',
        'mfn.v1.AggregationService',
        'mfn.v1.FeatureService',
        'mfn.v1.FractalService',
        'mfn.v1.MembraneService',
        'mfn.v1.RunService',
        'mfn.v1.SimulationService',
        'mfn.v1.ValidationService',
    ]);
});

test('buf curl, Simulate: answers in JSON', async () => {
    const { stdout } = await curl(
        '--data',
        '{"spec": {"gridSize": 8, "steps": 5, "seed": "7"}}',
        url('mfn.v1.SimulationService/Simulate'),
    );

    const { summary } = JSON.parse(stdout);
    assert.deepEqual([summary.spec.gridSize, summary.spec.steps, summary.spec.seed], [8, 5, '7']);
    assert.ok(summary.statistics.meanPotentialMillivolts > -95 && summary.statistics.meanPotentialMillivolts < 40);
});

test('buf curl, StreamSimulation: answers one JSON object for each message', async () => {
    const data = '{"spec": {"gridSize": 8, "steps": 5}, "everyNSteps": 2}';

    const { stdout } = await curl('--emit-defaults', '--data', data, url('mfn.v1.SimulationService/StreamSimulation'));

    const messages = JSON.parse(`[${stdout.trim().replaceAll(/^}\n{/gm, '},{')}]`);
    assert.deepEqual(
        messages.map(({ sequence }) => sequence),
        ['0', '1', '2', '3'],
    );
    assert.deepEqual(
        messages.slice(0, -1).map(({ frame }) => frame.step),
        [2, 4, 5],
    );
    assert.equal(messages.at(-1).summary.spec.steps, 5);
});

test('buf curl, bad request: shows the status and its detail', async () => {
    const request = curl('--data', '{"spec": {"gridSize": 3}}', url('mfn.v1.SimulationService/Simulate'));

    await assert.rejects(request, ({ stderr }) => {
        const { code, message, details } = JSON.parse(stderr);
        assert.equal(code, 'invalid_argument');
        assert.equal(message, 'spec.grid_size must be between 4 and 1024, but was 3.');
        assert.deepEqual(
            details.map(({ type }) => type),
            ['google.rpc.BadRequest'],
        );
        return true;
    });
});

function curl(...args) {
    const options = '--protocol grpc --http2-prior-knowledge --reflect --reflect-protocol grpc-v1'.split(' ');
    return promisify(execFile)(buf, ['curl', ...options, ...args], { timeout: 30_000 });
}

function url(path = '') {
    return `http://${addresses.plaintext}/${path}`;
}
