import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Metadata, status } from '@grpc/grpc-js';
import { startIssuer, startServer } from './issuer.js';
import { connect, contracts, errorDetail } from './server.js';

const { RunService } = contracts.mfn.v1;

test('tokens of an issuer of OpenID Connect', async (t) => {
    const issuer = await startIssuer(t);
    const address = await startServer(t, issuer);
    const client = connect(t, RunService, { address });

    const list = (token) => callWith(client, 'ListRuns', {}, token);
    const refusal = async (token) => {
        const error = await list(token).then(
            () => assert.fail('The token is taken.'),
            (each) => each,
        );
        return [error.code, errorDetail(error, 'google.rpc.ErrorInfo').reason, error.details];
    };

    await t.test('by client credentials: may do what its role may', async () => {
        assert.deepEqual((await list(await issuer.token('viewer'))).runs, []);
        await assert.rejects(callWith(client, 'CreateRun', { spec: { grid_size: 8 } }, await issuer.token('viewer')), { code: status.PERMISSION_DENIED });
        await callWith(client, 'CreateRun', { spec: { grid_size: 8 }, paused: true }, await issuer.token('operator'));
        assert.equal((await list(await issuer.token('viewer'))).runs.length, 1);
    });

    await t.test('for another audience: is refused', async () => {
        assert.deepEqual(await refusal(await issuer.token('operator', 'urn:other')), [
            status.UNAUTHENTICATED,
            'CREDENTIAL_INVALID',
            'The token is for another audience.',
        ]);
    });

    await t.test('that has expired: is refused, whether it was used before or not', async () => {
        const [used, unused] = [await issuer.token('viewer', 'urn:mfn:short'), await issuer.token('viewer', 'urn:mfn:short')];
        await list(used);
        await setTimeout(expiryOf(unused) - Date.now() + 10);

        for (const token of [used, unused]) {
            assert.deepEqual((await refusal(token)).slice(0, 2), [status.UNAUTHENTICATED, 'CREDENTIAL_EXPIRED']);
        }
    });

    await t.test('by another issuer: is refused', async (inner) => {
        const other = await startIssuer(inner);
        assert.deepEqual((await refusal(await other.token('operator'))).slice(0, 2), [status.UNAUTHENTICATED, 'CREDENTIAL_INVALID']);
    });

    await t.test('by keys that are rotated again and again: no call is refused', async () => {
        for (let i = 0; i < 2; i++) {
            const before = await issuer.token('viewer');
            issuer.rotate();
            const after = await issuer.token('viewer');
            assert.notEqual(keyOf(before), keyOf(after));
            await Promise.all([list(after), list(before), list(after)]);
        }
    });

    await t.test('by a key that was taken away: is refused, and its streams end', async () => {
        const old = await issuer.token('operator');
        const { runs } = await list(old);
        const open = client.WatchRun({ run_id: runs[0].run_id }, metadataOf(old));
        const ended = once(open.resume(), 'error');
        await once(open, 'metadata');

        issuer.rotate();
        issuer.retire();
        await list(await issuer.token('viewer'));

        assert.deepEqual((await refusal(old)).slice(0, 1), [status.UNAUTHENTICATED]);
        assert.equal((await ended)[0].code, status.UNAUTHENTICATED);
    });
});

function callWith(client, method, request, token) {
    return new Promise((resolve, reject) => {
        client[method](request, metadataOf(token), { deadline: Date.now() + 30_000 }, (error, response) => (error ? reject(error) : resolve(response)));
    });
}

function metadataOf(token) {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    return metadata;
}

function expiryOf(token) {
    return partOf(token, 1).exp * 1000;
}

function keyOf(token) {
    return partOf(token, 0).kid;
}

function partOf(token, index) {
    return JSON.parse(Buffer.from(token.split('.')[index], 'base64url').toString());
}
