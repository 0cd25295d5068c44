import assert from 'node:assert/strict';
import test from 'node:test';
import { credentials, status } from '@grpc/grpc-js';
import { addresses, call, certificate, connect, contracts } from './server.js';

const { SimulationService } = contracts.mfn.v1;

test('Mutual TLS, client of the authority: is served', async (t) => {
    const client = connectTo(t, trust('authority', 'client'));

    const { summary } = await call(client, 'Simulate', {});

    assert.equal(summary.spec.steps, 64);
});

test('Mutual TLS, client without a certificate: is turned away', (t) => assertUnavailable(t, trust('authority')));

test("Mutual TLS, client with a stranger's certificate: is turned away", (t) =>
    assertUnavailable(t, trust('authority', 'stranger-client')));

test('Mutual TLS, client that trusts another authority: turns away', (t) =>
    assertUnavailable(t, trust('stranger', 'client')));

test('Mutual TLS, client without TLS: is turned away', (t) => assertUnavailable(t));

async function assertUnavailable(t, tls) {
    const client = connectTo(t, tls);
    await assert.rejects(call(client, 'Simulate', {}), { code: status.UNAVAILABLE });
}

// Node wants a name, not an address, to compare with the server's certificate.
function connectTo(t, tls) {
    return connect(t, SimulationService, { address: addresses.tls, tls, 'grpc.ssl_target_name_override': 'localhost' });
}

function trust(authority, client) {
    return client
        ? credentials.createSsl(
              certificate(`${authority}.pem`),
              certificate(`${client}.key`),
              certificate(`${client}.pem`),
          )
        : credentials.createSsl(certificate(`${authority}.pem`));
}
