// The Python service's two streams, by a client that knows nothing but their description.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { post, serve } from './server.js';
import { Socket } from './socket.js';

const potential = ['pot_mean_mV', 'pot_std_mV', 'pot_min_mV', 'pot_max_mV'];
let server;

before(async () => {
    server = await serve();
});
after(() => server?.stop());

class Client {
    static async connect(path) {
        const client = new Client();
        client.socket = await new Socket(`ws://${server.address}${path}`).open();
        return client;
    }

    send(type, payload) {
        this.socket.send({ type, timestamp: Date.now(), payload });
    }

    async receive() {
        for (;;) {
            const received = await this.socket.receive();
            if (!received) {
                return undefined;
            }
            assert.equal(received.isBinary, false);
            const message = JSON.parse(received.data);
            assert.ok(Math.abs(message.timestamp - Date.now()) < 60_000);
            if (message.type !== 'heartbeat') {
                return message;
            }
            this.send('pong', {});
        }
    }

    ask(type, payload) {
        this.send(type, payload);
        return this.receive();
    }

    async subscribe(path, params) {
        assert.equal((await this.ask('init', { protocol_version: '1.0' })).payload.protocol_version, '1.0');
        assert.equal((await this.ask('auth', { api_key: server.key, timestamp: Date.now() })).type, 'auth_success');
        const answer = await this.ask('subscribe', { stream_type: path.slice('/ws/'.length), stream_id: 'mine', params });
        assert.deepEqual([answer.type, answer.payload.stream_id], ['subscribe_success', 'mine']);
    }
}

async function live(params) {
    const client = await Client.connect('/ws/simulation_live');
    await client.subscribe('/ws/simulation_live', params);
    const states = [];
    for (;;) {
        const { type, payload } = await client.receive();
        if (type === 'simulation_complete') {
            client.send('close', {});
            assert.equal(await client.socket.closed, 1000);
            return { states, final: payload.final_metrics };
        }
        assert.equal(type, 'simulation_state');
        states.push(payload);
    }
}

test('a live simulation goes on, and ends as REST says', async () => {
    const params = { seed: 3, grid_size: 24, steps: 30, spike_probability: 1 };
    const expected = await post(server, '/simulate', params);
    const { states, final } = await live({ ...params, update_interval_steps: 4, include_full_state: true });
    assert.deepEqual(states.map(({ step }) => step), [4, 8, 12, 16, 20, 24, 28, 30]);
    assert.equal(new Set(states.map(({ state }) => state.pot_std_mV)).size, states.length);
    assert.deepEqual(potential.map((name) => final[name]), potential.map((name) => expected[name]));
    assert.equal(final.growth_events, expected.growth_events);
    assert.equal(states.at(-1).metrics.growth_events, expected.growth_events);
    assert.deepEqual(states[0].state.field_shape, [24, 24]);
    assert.ok(Math.abs(1000 * states[0].state.field_mean - states[0].state.pot_mean_mV) < 1e-9);
});

test('features are of the simulation that the other stream shows', async () => {
    const { states } = await live({ steps: 10 });
    const client = await Client.connect('/ws/stream_features');
    await client.subscribe('/ws/stream_features', { update_interval_ms: 10, features: [...potential, 'active_nodes'] });
    for (let sequence = 0; sequence < 10; sequence++) {
        const { type, payload } = await client.receive();
        assert.deepEqual([type, payload.sequence], ['feature_update', sequence]);
        assert.deepEqual(payload.features, Object.fromEntries(Object.entries(states[sequence].state)));
    }
    client.send('unsubscribe', { stream_id: 'mine' });
    for (let message; message?.type !== 'unsubscribe'; ) {
        message = await client.receive();
    }
    client.send('close', {});
    assert.equal(await client.socket.closed, 1000);
});

test('who is not known gets nothing', async () => {
    const client = await Client.connect('/ws/stream_features');
    const refused = await client.ask('subscribe', { stream_type: 'stream_features', stream_id: 'a' });
    const unknown = await client.ask('auth', { api_key: 'mfn_wrong', timestamp: Date.now() });
    assert.deepEqual([refused.payload.error_code, unknown.payload.error_code], ['NOT_AUTHENTICATED', 'AUTH_FAILED']);
    client.socket.inner.close();
});
